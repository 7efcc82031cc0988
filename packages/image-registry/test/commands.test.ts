// SPDX-License-Identifier: Apache-2.0
// The program's commands, run in this process against a registry of this process.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { createRegistryClient } from '@teu/image-registry/client'
import {
  buildProgramImage,
  imagesFromDockerArchive,
  makeIndex,
  validateContent,
  withFormat,
  writeDockerArchive,
} from '@teu/image-registry/image'
import { openLayout, writeLayout } from '@teu/image-registry/layout'
import { createRegistry } from '@teu/image-registry/server'
import { parsePlatform } from '@teu/oci-spec/image'
import { inDirectory, run, succeed } from './run-command.ts'

const build = (platform: string) =>
  buildProgramImage({ program: Buffer.from(`program for ${platform}`), platform: parsePlatform(platform) })
const index = makeIndex([await build('linux/amd64'), await build('linux/arm64')])
const [amd64, arm64] = index.entries

test('an image goes from place to place and comes back the same', () =>
  inDirectory(async (directory) => {
    const at = (name: string) => path.join(directory, name)
    await using registry = await createRegistry({ deletes: true })
    const reference = `${registry.address}/team/app:v1`
    await writeLayout(at('layout'), [index], { name: 'v1' })
    const digest = `${index.descriptor.digest}\n`
    assert.equal(await succeed('push', at('layout'), reference), digest)
    assert.equal(await succeed('copy', reference, `${registry.address}/other/app:v2`), digest)
    assert.equal(await succeed('copy', `docker://${reference}`, `oci:${at('second')}:name`), digest)
    assert.equal(await succeed('pull', reference, at('layout.tar')), digest)
    assert.equal(await succeed('push', at('layout.tar'), `${registry.address}/third:1`, '--name', 'v1'), digest)
    assert.equal(await succeed('copy', `oci-archive:${at('layout.tar')}`, `oci:${at('third')}`), digest)
    for (const [location, name] of [
      ['second', 'name'],
      ['layout.tar', 'v1'],
      ['third', undefined],
    ] as const) {
      const layout = await openLayout(at(location))
      const content = await layout.load(layout.find(name))
      assert.equal(content.descriptor.digest, index.descriptor.digest)
      await validateContent(content)
    }
    assert.equal(await succeed('tags', `${registry.address}/other/app`), 'v2\n')
    assert.deepEqual(JSON.parse(await succeed('catalog', registry.address, '--json')), [
      'other/app',
      'team/app',
      'third',
    ])
    assert.equal(await succeed('catalog', registry.address, '--limit', '1'), 'other/app\n')
    assert.match(await succeed('delete', `${registry.address}/other/app:v2`), /^deleted /)
    assert.equal(await succeed('tags', `${registry.address}/other/app`), '')
    await succeed('delete', '--by-digest', reference)
    assert.equal((await run(['inspect', reference])).status, 1)
  }))

test('one platform is taken out of an index', () =>
  inDirectory(async (directory) => {
    const at = (name: string) => path.join(directory, name)
    await using registry = await createRegistry()
    const reference = `${registry.address}/app:1`
    await writeLayout(at('layout'), [index])
    await succeed('push', at('layout'), reference)
    const one = ['--platform', 'linux/arm64']
    const digest = `${arm64?.descriptor.digest}\n`
    assert.equal(await succeed('copy', ...one, reference, `${registry.address}/arm:1`), digest)
    assert.equal(await succeed('pull', ...one, reference, at('arm')), digest)
    assert.equal(await succeed('pull', ...one, reference, at('arm.tar')), digest)
    assert.equal(await succeed('push', ...one, at('layout'), `${registry.address}/arm:2`), digest)
    assert.equal(await succeed('pull', ...one, '--format', 'docker-archive', reference, at('docker.tar')), digest)
    const [image] = await imagesFromDockerArchive(at('docker.tar'))
    assert.deepEqual(image?.names, [reference])
    assert.equal(image?.image.config.architecture, 'arm64')
    const missing = await run(['pull', '--platform', 'linux/s390x', reference, at('x')])
    assert.match(missing.stderr, /no matching manifest for linux\/s390x/)
    assert.equal(missing.status, 1)
  }))

test("layers of docker's archives are compressed on the way, and the image keeps its id", () =>
  inDirectory(async (directory) => {
    await using registry = await createRegistry()
    await using client = createRegistryClient()
    const file = path.join(directory, 'app.tar')
    const image = withFormat(amd64 as Awaited<ReturnType<typeof build>>, 'docker')
    await writeDockerArchive(file, [
      { image, names: ['app:1', 'app:latest'] },
      { image: withFormat(await build('linux/riscv64'), 'docker'), names: ['other:1'] },
    ])
    await writeFile(`${file}.gz`, gzipSync(await readFile(file)))
    for (const [source, compression, type] of [
      [file, 'gzip', /diff\.tar\.gzip$/],
      [`${file}.gz`, 'zstd', /diff\.tar\.zstd$/],
      [`docker-archive:${file}`, 'none', /diff\.tar$/],
    ] as const) {
      const result = JSON.parse(
        await succeed(
          'push',
          source,
          `${registry.address}/app:1`,
          '--name',
          'app',
          '--compression',
          compression,
          '--json',
        ),
      )
      const { parsed, descriptor } = await client.fetchManifest({
        registry: registry.address,
        repository: 'app',
        tag: '1',
      })
      assert.ok(parsed.kind === 'manifest')
      assert.equal(result.digest, descriptor.digest)
      assert.equal(parsed.manifest.config.digest, image.manifest.config.digest)
      assert.match(parsed.manifest.layers[0]?.mediaType ?? '', type)
      await succeed('copy', `${registry.address}/app:1`, `oci:${path.join(directory, compression)}`)
      const layout = await openLayout(path.join(directory, compression))
      await validateContent(await layout.load(layout.find()))
    }
    const several = await run(['push', file, `${registry.address}/app:1`])
    assert.match(several.stderr, /several images, of which none was named/)
    const none = await run(['push', file, `${registry.address}/app:1`, '--name', 'none'])
    assert.match(none.stderr, /no image named none/)
  }))

test('what an image is can be looked at, wherever it is', () =>
  inDirectory(async (directory) => {
    await using registry = await createRegistry()
    const reference = `${registry.address}/app:1`
    await writeLayout(directory, [index], { name: 'v1' })
    await succeed('push', directory, reference)
    for (const place of [reference, `oci:${directory}:v1`]) {
      const description = JSON.parse(await succeed('inspect', '--json', place))
      assert.equal(description.digest, index.descriptor.digest)
      assert.deepEqual(
        description.manifests.map(({ platform }: { platform: string }) => platform),
        ['linux/amd64', 'linux/arm64'],
      )
      const text = await succeed('inspect', '--platform', 'linux/amd64', place)
      assert.match(text, /^Kind +image\n/)
      assert.match(text, /Cmd +"\/program"\n/)
      assert.match(text, /COPY program \/program\n$/)
      assert.equal(await succeed('inspect', '--raw', place), Buffer.from(index.indexBytes).toString())
    }
  }))

test('credentials are taken from a flag, standard input or docker, and go to their registry only', async () => {
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
  const { scriptedRegistry, refuse } = await import('./scripted-registry.ts')
  await using registry = await scriptedRegistry((request, response) => {
    if (request.headers.authorization === basic) return response.end('{"name":"a","tags":["t"]}')
    refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' })
  })
  const tags = ['tags', `${registry.address}/a`]
  assert.equal((await run([...tags, '--creds', 'me:secret'])).stdout, 't\n')
  assert.equal((await run([...tags, '--creds', 'me', '--password-stdin'], { stdin: 'secret\n' })).stdout, 't\n')
  const config = JSON.stringify({ auths: { [registry.address]: { auth: basic.slice(6) } } })
  assert.equal((await run(tags, { env: { DOCKER_AUTH_CONFIG: config } })).stdout, 't\n')
  const anonymous = await run(tags)
  assert.equal(anonymous.status, 1)
  assert.match(anonymous.stderr, /^teu-registry: .*no basic auth credentials\n$/)
  const both = await run([...tags, '--creds', 'me:secret', '--password-stdin'])
  assert.match(both.stderr, /--password-stdin goes with --creds USER/)
  assert.ok(!both.stderr.includes('secret'))
})

test('a file gets a line for each blob, and nothing when that is asked for', () =>
  inDirectory(async (directory) => {
    await using registry = await createRegistry()
    await writeLayout(directory, [index])
    const argv = ['push', directory, `${registry.address}/app:1`]
    const plain = await run(argv)
    assert.match(plain.stderr, /^[0-9a-f]{12} +\d+ B {2}done\n/)
    assert.ok(!plain.stderr.includes('\x1b'))
    assert.equal((await run([...argv, '--quiet'])).stderr, '')
  }))

test('an interrupt ends a command with 130', () =>
  inDirectory(async (directory) => {
    await using registry = await createRegistry()
    await writeLayout(directory, [index])
    const { status, stderr } = await run(['push', '--concurrency', '1', directory, `${registry.address}/app:1`], {
      interrupt: true,
    })
    assert.equal(status, 130)
    assert.match(stderr, /teu-registry: interrupted\n$/)
  }))

const usage: string[][] = [
  ['copy', 'a'],
  ['copy', 'a', 'b', 'c'],
  ['push', 'a', 'b', '--compression', 'lzma'],
  ['pull', 'a', 'b', '--format', 'zip'],
  ['copy', 'a', 'b', '--concurrency', '0'],
  ['gc', '--grace', 'soon'],
  ['completion', 'tcsh'],
  ['tags', 'a', '--nope'],
]
for (const argv of usage) {
  test(`${argv.join(' ')} is wrong usage`, async () => {
    const { status, stdout, stderr } = await run(argv)
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^teu-registry: /)
  })
}

const failures: [argv: string[], message: RegExp][] = [
  [['copy', 'UPPER', 'b'], /must be lowercase/],
  [['copy', 'oci:', 'b'], /names no file/],
  [['push', '/nonexistent', 'a'], /nonexistent/],
  [['pull', 'a', 'oci:x', '--format', 'oci'], /--format is not needed/],
  [['copy', '--referrers', 'oci:x', 'a'], /between registries only/],
  [['delete', 'localhost:1/a'], /which tag or digest/],
  [['delete', '--blob', 'localhost:1/a:b'], /by its digest/],
  [['export', 'Upper', 'x'], /"Upper": want repository:tag or repository@digest/],
  [['export', '--root', '/nonexistent', 'a', 'x'], /nonexistent: no such directory/],
  [['import', 'x', 'a@sha256:12'], /want repository:tag/],
  [['import', '/nonexistent', 'a'], /nonexistent/],
  [['pull', '--platform', '///', 'localhost:1/a', 'x'], /is an invalid component of "\/\/\/"/],
]
for (const [argv, message] of failures) {
  test(`${argv.join(' ')} fails with one line`, async () => {
    const { status, stdout, stderr } = await run(argv)
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, message)
    assert.match(stderr, /^teu-registry: [^\n]+\n$/)
  })
}

test('every command teaches by examples', async () => {
  const help = await succeed('--help')
  const names = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name as string)
  for (const name of names.filter((one) => one !== 'help'))
    assert.match(await succeed(name, '--help'), /\nExamples:\n/, name)
  assert.deepEqual(names.sort(), [
    ...[
      'catalog',
      'completion',
      'copy',
      'delete',
      'export',
      'fsck',
      'gc',
      'help',
      'import',
      'inspect',
      'pull',
      'push',
      'serve',
      'stats',
      'tags',
    ],
  ])
})
