/**
 * `npm run nightly:sim`: the full counts of the simulation. Every planted bug within 2,000 seeds,
 * 20,000 seeds of the server as it is, 2,000 of each edit that changes nothing. It is
 * `rafture bugs` with these numbers; what has been done is kept, and the next start goes on.
 */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));

const help = `npm run nightly:sim -- [--quick] [flags of rafture bugs]

Every planted bug within 2,000 seeds, 20,000 seeds of the server as it is, and 2,000 of each edit
that changes nothing; with --quick 200, 500 and 100. It can be stopped, and goes on when it is
started again with the same sources. Results: results/nightly-sim, or --results FOLDER.

  --jobs N      processes at a time  (2)
  --shard I/N   a part of the work, for one of N machines; rafture bugs --merge A,B joins them
  --only LIST   bugs, families or rows of the catalogue

Exit codes: 0 every bug was found and nothing else; 1 not so; 130 interrupted; 254 bad arguments.`;

const full = { seeds: 2000, clean: 20_000, noOp: 2000 };
const quick = { seeds: 200, clean: 500, noOp: 100 };

async function run(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    console.log(help);
    return 0;
  }
  const { seeds, clean, noOp } = argv.includes('--quick') ? quick : full;
  const own = argv.filter((word) => word !== '--quick');
  const folder = own.includes('--results') ? [] : ['--results', 'results/nightly-sim'];
  const counts = ['--seeds', seeds, '--clean-seeds', clean, '--harmless-seeds', noOp].map(String);
  const words = [
    launcher,
    'bugs',
    '--resume',
    '--unknown-ok',
    '0.01',
    ...counts,
    ...folder,
    ...own,
  ];
  const ran = await execa(process.execPath, words, { reject: false, stdio: 'inherit' });
  return ran.exitCode ?? 255;
}

process.exitCode = await run(process.argv.slice(2));
