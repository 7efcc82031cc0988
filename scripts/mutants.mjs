// SPDX-License-Identifier: Apache-2.0
// `npm run mutants`: takes one guard after the other out of a copy of this tree and expects the tests that are named
// for it to go red. The list is scripts/mutants/guards/*.mjs; scripts/mutants/guards/README.md describes an entry.
//   npm run mutants                     every guard
//   npm run mutants -- runtime digest   the guards whose file or title has one of the words
//   npm run mutants -- --check          only whether each entry still fits the tree; no test runs
//   npm run mutants -- --tree FOLDER    the guards of another tree
import { parseArgs } from 'node:util'
import { fits, guards } from './mutants/guards.mjs'
import { TestRuns } from './mutants/test-runs.mjs'
import { Tree } from './tree.mjs'
import { root as ownTree } from './workspace.mjs'

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false }, tree: { type: 'string', default: ownTree } },
})
const { check: onlyCheck, tree: root } = values
const list = (await guards(root)).filter(
  ({ file, title }) => words.length === 0 || words.some((word) => `${file} ${title}`.includes(word)),
)
if (list.length === 0) {
  process.stdout.write(`no guard has ${words.join(' or ')} in its file or title\n`)
  process.exit(1)
}

let failed = 0
/** Prints the line of one guard. */
const say = (ok, guard, what, details = '') => {
  if (!ok) failed += 1
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${guard.file}: ${guard.title}: ${what}\n${details}`)
}

const fitting = list.filter((guard) => {
  const problem = fits(root, guard)
  if (problem) say(false, guard, problem)
  return !problem
})
if (!onlyCheck && fitting.length > 0) await removeEach()
const ran = onlyCheck ? 'fit the tree' : 'are missed by their tests when they are gone'
process.stdout.write(`${list.length - failed} of ${list.length} guards ${ran}\n`)
process.exit(failed > 0 ? 1 : 0)

async function removeEach() {
  using tree = Tree.copyOf(root)
  const runs = new TestRuns(tree)
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      runs.stop()
      tree.removeNow()
      process.exit(130)
    })
  }
  const start = performance.now()
  for (const guard of fitting) {
    const since = performance.now()
    const seconds = () => `${((performance.now() - since) / 1000).toFixed(1)} s`
    const broken = await runs.brokenBefore(guard)
    if (broken) {
      say(false, guard, `its tests are not green with it: ${broken.why}`, broken.details)
      continue
    }
    const unbuilt = tree.remove(guard)
    try {
      if (unbuilt) say(false, guard, 'does not build without it', unbuilt)
      else report(guard, await runs.outcomes(guard), seconds)
    } finally {
      tree.restore(guard)
    }
  }
  process.stdout.write(`${fitting.length} guards took ${Math.round((performance.now() - start) / 1000)} s\n`)
}

/** Says what became of each of a guard's test files: all of them must have gone red, by a test of theirs. */
function report(guard, outcomes, seconds) {
  const survived = outcomes.filter(({ state }) => state === 'green' || state === 'nothing')
  const unloaded = outcomes.filter(({ state }) => state === 'not loaded')
  const list = (some) => some.map(({ file }) => file).join(', ')
  if (survived.length > 0) say(false, guard, `SURVIVED, ${list(survived)} stayed green (${seconds()})`)
  else if (unloaded.length > 0)
    say(false, guard, `proves nothing, ${list(unloaded)} did not even load`, unloaded[0].details)
  else say(true, guard, `${outcomes.map(({ why }) => why).join('; ')} (${seconds()})`)
}
