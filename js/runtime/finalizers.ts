/** Runtimes without the class, such as workerd before its compatibility date 2025-05-05, never free what is abandoned. */
class NoFinalizers {
  register(): void {}
  unregister(): void {}
}

/** The engine's FinalizationRegistry, as it was at import. */
export const Finalizers = /* @__PURE__ */ (() =>
  globalThis.FinalizationRegistry ?? (NoFinalizers as unknown as FinalizationRegistryConstructor))();
