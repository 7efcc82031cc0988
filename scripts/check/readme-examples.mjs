// SPDX-License-Identifier: Apache-2.0
// Documents cannot drift: every TypeScript block of a README is type-checked and run, every `sh` block that opens
// with the line `# runs in CI` is run by the shell, each in a folder of its own inside the repository.
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { read, root } from '../workspace.mjs'

const files = globSync('{README.md,docs/*.md,{packages,examples}/*/README.md,packages/*/docs/*.md}', {
  cwd: root,
}).sort()
mkdirSync(path.join(root, 'build'), { recursive: true })
const scratch = mkdtempSync(path.join(root, 'build/readme-'))
let failed = 0
let count = 0
try {
  for (const file of files) for (const [index, block] of blocks(read(file)).entries()) runBlock(file, index, block)
  checkTypes()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`${count} examples of ${files.length} documents ran, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)

/** The fenced blocks that are programs. `root` and `linux` in the fence say what a block needs. */
function blocks(text) {
  return [...text.matchAll(/^```(ts|sh)([^\n]*)\n([\s\S]*?)^```/gm)]
    .map(([, language, flags, code]) => ({ language, flags, code }))
    .filter(({ language, flags, code }) =>
      language === 'ts' ? !/\bno-run\b/.test(flags) : code.startsWith('# runs in CI'),
    )
}

/** All programs at once: a compiler takes longer to start than to read them. */
function checkTypes() {
  const compilerOptions = {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
  }
  const config = { extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(path.join(scratch, 'tsconfig.json'), JSON.stringify(config))
  const tsc = path.join(root, 'node_modules/.bin/tsc')
  const { status, stdout, stderr } = spawnSync(tsc, ['--pretty', 'false', '-p', scratch], {
    cwd: scratch,
    encoding: 'utf8',
  })
  if (status === 0) return
  failed++
  console.error(`types of the examples:\n${stdout}${stderr}`)
}

function runBlock(file, index, { language, flags, code }) {
  if (/\broot\b/.test(flags) && process.getuid() !== 0)
    return console.log(`${file}: example ${index + 1} skipped, needs root`)
  const target = path.join(scratch, `${file.replaceAll(/[/.]/g, '-')}-${index + 1}.${language === 'ts' ? 'ts' : 'sh'}`)
  writeFileSync(target, code)
  const argv = language === 'ts' ? [process.execPath, '--conditions=teu-source', target] : ['sh', '-eu', target]
  const { status, signal, stdout, stderr } = spawnSync(argv[0], argv.slice(1), {
    cwd: language === 'ts' ? scratch : root,
    encoding: 'utf8',
    timeout: 120_000,
  })
  count++
  if (status === 0) return
  failed++
  console.error(`${file}: example ${index + 1} ended with ${signal ?? status}\n${stdout}${stderr}`)
}
