/** `npm pack` runs it last: dist/ is for the package alone, a checkout runs its sources. */
import { rmSync } from 'node:fs';

rmSync(new URL('../../dist', import.meta.url), { recursive: true, force: true });
