// SPDX-License-Identifier: Apache-2.0
// The package as somebody gets it: packed, and installed into an empty folder together with the packages of ours that it
// needs, without install scripts. Everything beyond that comes from npm's registry, or its cache.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'

const root = path.resolve(import.meta.dirname, '../../..')
const folder = path.join(root, 'packages/image-registry')
const tsc = path.join(root, 'node_modules/.bin/tsc')
const readme = readFileSync(path.join(folder, 'README.md'), 'utf8')
const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code)

let fresh: string

function output(file: string, args: readonly string[], cwd = fresh): string {
  const env = { ...process.env, npm_config_update_notifier: 'false', NODE_OPTIONS: '' }
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, { cwd, env, encoding: 'utf8' })
  assert.equal(status, 0, `${file} ${args.join(' ')}: ${error ?? signal ?? status}\n${stdout}${stderr}`)
  return stdout
}

suite('packed', { skip: isBuilt() ? false : 'needs npm run build' }, () => {
  before(() => {
    fresh = mkdtempSync(path.join(tmpdir(), 'teu-packed-'))
    output('npm', ['pack', '--silent', '--pack-destination', fresh, ...ourPackages()], root)
    writeFileSync(path.join(fresh, 'package.json'), JSON.stringify({ name: 'fresh', private: true, type: 'module' }))
    const tarballs = globSync('*.tgz', { cwd: fresh }).map((name) => `./${name}`)
    assert.equal(tarballs.length, ourPackages().length)
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    output('npm', ['install', ...flags, ...tarballs, '@types/node@24'])
    for (const [i, code] of examples.entries()) writeFileSync(path.join(fresh, `example-${i + 1}.ts`), code)
  })
  after(() => rmSync(fresh, { recursive: true, force: true }))

  test('the README opens with a registry in three lines', () => {
    assert.equal(examples[0]?.split('\n').filter((line) => line.trim() !== '').length, 3)
    assert.match(examples[0] as string, /createRegistry/)
  })

  for (const { module, moduleResolution } of [
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ]) {
    test(`its examples have types that are checked whole, under ${moduleResolution}`, () => {
      const compilerOptions = {
        ...{ module, moduleResolution, noEmit: true, target: 'es2024', lib: ['esnext'], types: ['node'] },
        ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
      }
      writeFileSync(path.join(fresh, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
      output(tsc, ['--pretty', 'false', '-p', fresh])
    })
  }

  for (const i of examples.keys())
    test(`example ${i + 1} of the README runs, and its process ends by itself`, () => {
      output(process.execPath, [`example-${i + 1}.ts`])
    })

  test('the program is there, and teaches', () => {
    const help = output('npx', ['--no-install', 'teu-registry', '--help'])
    for (const word of ['serve', 'copy', 'pull', 'push', 'inspect', 'tags', 'delete', 'gc', 'fsck'])
      assert.match(help, new RegExp(`^  ${word}\\b`, 'm'))
  })

  test('nothing that is installed wants to run a script, or is built for one machine', () => {
    const manifests = globSync('node_modules/{*,@*/*}/package.json', { cwd: fresh })
    assert.ok(manifests.length > ourPackages().length)
    for (const file of manifests) {
      const { scripts = {}, gypfile } = JSON.parse(readFileSync(path.join(fresh, file), 'utf8'))
      for (const name of ['preinstall', 'install', 'postinstall']) assert.equal(scripts[name], undefined, file)
      assert.equal(gypfile, undefined, file)
    }
    assert.deepEqual(globSync('node_modules/**/*.node', { cwd: fresh }), [])
  })
})

function isBuilt(): boolean {
  return globSync('dist/{bin/teu-registry.cjs,server/index.d.ts}', { cwd: folder }).length === 2
}

/** The folders of the package and of those that it needs, from the root of the repository. */
function ourPackages(): string[] {
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const names = Object.keys(dependencies).filter((name) => name.startsWith('@teu/'))
  return ['./packages/image-registry', ...names.map((name) => name.replace('@teu/', './packages/'))]
}
