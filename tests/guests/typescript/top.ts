import { definePlugin } from "@mapwright/guest";

throw new Error("not today");

export default definePlugin({ manifest: { name: "top", version: "1.0.0", summary: "throws when loaded" } });
