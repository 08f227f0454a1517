// Runs before the first paint (a classic script in <head>): theme and language are set on
// <html> before anything is drawn, so that neither flashes. theme.js and i18n.js take over.
(() => {
  const root = document.documentElement;
  const saved = (key, allowed) => {
    try {
      const value = localStorage.getItem(key);
      return allowed.includes(value) ? value : null;
    } catch {
      return null; // storage is forbidden (private window, file://): defaults serve
    }
  };
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  root.dataset.theme = saved('azud.theme', ['light', 'dark']) ?? system;
  const wanted = (navigator.language || 'en').toLowerCase();
  root.lang = saved('azud.lang', ['es', 'en']) ?? (wanted.startsWith('es') ? 'es' : 'en');
})();
