import { definePlugin, mapped, upsert } from "@mapwright/guest";

export default definePlugin({
  manifest: { name: "order", version: "1.0.0", summary: "keys in an order that chance gives" },
  transform() {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const shuffled = names.map((name) => ({ name, at: Math.random() })).sort((x, y) => x.at - y.at);
    return mapped(upsert("sale", "1", Object.fromEntries(shuffled.map(({ name }, index) => [name, index]))));
  },
});
