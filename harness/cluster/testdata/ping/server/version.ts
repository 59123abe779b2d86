/** The tests of versions put another file in its place. */
export const version: string = 'one';
