/** What HELLO and INFO say. A test holds it equal to package.json. */
export const serverVersion = '0.1.0';
