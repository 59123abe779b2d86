/** Whether this is the package, which holds JavaScript, or a checkout with its sources. */
export const isPackaged: boolean = import.meta.url.endsWith('.js');
