import * as ort from "onnxruntime-web/webgpu";
import { serve } from "./serve.js";

serve(ort);
