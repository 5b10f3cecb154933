// A front-end extension for Voila, written by hand in the shape that JupyterLab's loader asks for.
// It keeps the front end from drawing the lesson until the widgets are known.
//
// Without it, the front end draws while it still asks the kernel for the widgets. A widget that is
// drawn too early looks for its model every 100 ms, for two seconds. If the models come during the
// last of these pauses, which a slow computer makes long, it gives up without another look, and is
// told that there is no more to wait for: "model not found", for good.
(() => {
  const MANAGER = "@voila-dashboards/voila:widget-manager8";

  const plugin = {
    id: "gradsheet:widgets-first",
    autoStart: true,
    // The application starts, and so draws, once every plugin is active: this one is when the
    // widgets are known.
    activate: async (app) => {
      try {
        await app.activatePlugin(MANAGER);
      } catch (error) {
        console.error(error);
      }
      const manager = app.widgetManager;
      if (!manager) {
        // There is no such kernel any more.
        window.dispatchEvent(new Event("lesson-failed"));
        return;
      }
      if (!manager.restoredStatus) {
        await new Promise((known) => {
          manager.restored.connect(known);
        });
      }
    },
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.gradsheet = {
    init: () => {},
    get: async () => () => plugin,
  };
})();
