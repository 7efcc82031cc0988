// SPDX-License-Identifier: Apache-2.0
// Builds what is missing or stale, in this order: the native parts, the packages, the bundled programs, the images.
//   node scripts/build.mjs            everything
//   node scripts/build.mjs native     one stage: native | types | programs | images
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { exists, packages, root } from './workspace.mjs'

const run = (file, ...args) => {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const stages = {
  native: () => run(process.execPath, 'packages/linux/scripts/build-native.mjs'),
  types: () => run('node_modules/.bin/tsc', '--build'),
  programs: bundlePrograms,
  images: () => run(process.execPath, '--conditions=teu-source', 'packages/teu/scripts/build-hello-image.mjs'),
}

/**
 * Each program becomes one CommonJS file: an ESM start reads every export of `node:http`, which costs as much as
 * starting Node. Native addons and what a bundle cannot hold stay outside.
 */
async function bundlePrograms() {
  const entries = packages().flatMap(({ folder }) =>
    globSync(`${folder}/src/bin/*.ts`, { cwd: root })
      .filter((file) => !file.endsWith('.test.ts'))
      .map((file) => ({ folder, file, name: path.basename(file, '.ts') })),
  )
  await Promise.all(
    entries.map(async ({ folder, file, name }) => {
      mkdirSync(path.join(root, folder, 'dist/bin'), { recursive: true })
      await build({
        absWorkingDir: root,
        entryPoints: [file],
        outfile: `${folder}/dist/bin/${name}.cjs`,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        target: 'node24',
        // A program's text stays in memory: without comments and indentation it is a third smaller, and one character
        // beyond ASCII in a comment of a dependency would double it. Names stay, for stack traces.
        minifyWhitespace: true,
        minifySyntax: true,
        lineLimit: 200,
        conditions: ['teu-source'],
        plugins: [undiciParts],
        external: ['*.node', '@teu/runtime'].filter((name) => name !== '@teu/runtime' || folder === 'packages/shim'),
        define: {
          'import.meta.url': '__bundle_url',
          'import.meta.dirname': '__dirname',
          'import.meta.filename': '__filename',
        },
        banner: { js: "const __bundle_url = require('node:url').pathToFileURL(__filename).href;" },
        logLevel: 'warning',
        legalComments: 'none',
      })
    }),
  )
  process.stdout.write(`bundled ${entries.map(({ name }) => name).join(' ')}\n`)
}

/**
 * undici's entry point brings in all of it: fetch, mocks, caches, web sockets, twice as much as what our programs call. A
 * bundle, whose versions are fixed, takes the parts by their files.
 */
const undiciParts = {
  name: 'undici parts',
  setup(builder) {
    const parts = {
      Agent: 'dispatcher/agent',
      Dispatcher: 'dispatcher/dispatcher',
      ProxyAgent: 'dispatcher/proxy-agent',
      buildConnector: 'core/connect',
    }
    // HTTP/2 is never spoken; loading it takes 6 MB. undici goes on without where Node was built without.
    builder.onResolve({ filter: /^node:http2$/ }, ({ importer }) =>
      /node_modules.undici./.test(importer) ? { path: 'node:http2', namespace: 'not-there' } : undefined,
    )
    builder.onLoad({ filter: /.*/, namespace: 'not-there' }, ({ path: name }) => ({
      contents: `throw new Error('${name} is not in this program')`,
    }))
    builder.onResolve({ filter: /^undici$/ }, ({ resolveDir }) => ({ path: resolveDir, namespace: 'undici-parts' }))
    builder.onLoad({ filter: /.*/, namespace: 'undici-parts' }, ({ path: resolveDir }) => ({
      contents: [
        ...Object.entries(parts).map(
          ([name, file]) =>
            `Object.defineProperty(exports, '${name}', { enumerable: true, get: () => require('undici/lib/${file}.js') })`,
        ),
        // As undici's entry point does: request(), stream() and so on are methods of every dispatcher.
        `Object.assign(require('undici/lib/dispatcher/dispatcher.js').prototype, require('undici/lib/api/index.js'))`,
      ].join('\n'),
      resolveDir,
    }))
  },
}

const wanted = process.argv.slice(2)
for (const name of wanted.length > 0 ? wanted : Object.keys(stages)) {
  const stage = stages[name]
  if (!stage) throw new Error(`no such stage: ${name}`)
  await stage()
}
if (!exists('node_modules/.bin/tsc')) throw new Error('run npm ci first')
