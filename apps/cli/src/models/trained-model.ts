import { folderStore } from "../folder-store.js";

/** Whether a folder holds a model that `relpos train` wrote, by its config.json. */
export async function isTrainedModel(folder: string): Promise<boolean> {
  const bytes = await folderStore(folder)
    .read("config.json")
    .catch(() => undefined);
  try {
    const config = JSON.parse(new TextDecoder().decode(bytes)) as { readonly model_type?: unknown } | null;
    return config?.model_type === "relpos";
  } catch {
    return false;
  }
}
