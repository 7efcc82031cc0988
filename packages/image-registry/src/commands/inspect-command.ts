// SPDX-License-Identifier: Apache-2.0
import { parsePlatform } from '@teu/oci-spec/image'
import { Command } from 'commander'
import { imagesFromDockerArchive } from '../image/archive/read-docker-archive.ts'
import { contentFromRegistry } from '../image/from-registry.ts'
import { type Content, makeIndex } from '../image/image-index.ts'
import { openLayout } from '../layout/layout.ts'
import { type ClientFlags, openClient, withClientFlags } from './client-options.ts'
import { type Description, describeContent } from './describe-content.ts'
import { type Place, parsePlace } from './place.ts'
import { columns, formatSize, printJson, run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

interface InspectFlags extends ClientFlags {
  platform?: string
  raw?: boolean
  json?: boolean
}

/** `teu-registry inspect`. @internal */
export function inspectCommand(around: Surroundings): Command {
  const command = new Command('inspect')
    .description('Show what an image is: platforms, layers, configuration, history. Layers are not fetched.')
    .argument('<place>', 'in a registry, a layout or an archive')
    .option('--platform <os/arch[/variant]>', 'the one image of an index')
    .option('--raw', 'print the manifest or index, byte for byte')
    .option('--json', 'print everything as JSON')
  return withClientFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  teu-registry inspect alpine
  teu-registry inspect --json --platform linux/arm64 localhost:5000/team/app:v1
  teu-registry inspect oci:./layout:v1
  teu-registry inspect --raw localhost:5000/team/app:v1 | sha256sum`,
    )
    .action((text: string, flags: InspectFlags) =>
      run(around, async ({ signal }) => {
        const content = await load(around, parsePlace(text), flags, signal)
        const bytes = content.kind === 'index' ? content.indexBytes : content.manifestBytes
        if (flags.raw) around.stdout.write(Buffer.from(bytes).toString('utf8'))
        else if (flags.json) printJson(around, describeContent(content))
        else around.stdout.write(textOf(describeContent(content)))
      }),
    )
}

async function load(around: Surroundings, place: Place, flags: InspectFlags, signal: AbortSignal): Promise<Content> {
  const one = flags.platform === undefined ? {} : { platform: parsePlatform(flags.platform) }
  if (place.kind === 'registry') {
    const access = new Map([[place.reference.registry, { creds: flags.creds, insecure: flags.insecure }]])
    await using client = await openClient(around, flags, access)
    return await contentFromRegistry(client, place.reference, { ...one, signal })
  }
  if (place.kind !== 'docker-archive') {
    const layout = await openLayout(place.path)
    return layout.load(layout.find(place.name), one)
  }
  const images = await imagesFromDockerArchive(place.path)
  const found = images.filter(({ names }) => place.name === undefined || names.includes(place.name))
  return found.length === 1 ? (found[0] as (typeof found)[0]).image : makeIndex(found.map(({ image }) => image))
}

function textOf(description: Description, indent = ''): string {
  const { kind, digest, mediaType, size, platform, created, manifests = [], layers = [], annotations } = description
  const facts: string[][] = [
    ['Kind', kind],
    ['Digest', digest],
    ['Type', mediaType],
    ['Size', formatSize(size)],
    ['Platform', platform ?? ''],
    ['Created', created ?? ''],
    ...Object.entries(description.config ?? {}).flatMap(([name, value]) =>
      isEmpty(value) ? [] : [[name, plain(value)]],
    ),
    ...Object.entries(annotations ?? {}).map(([name, value]) => [name, value]),
  ]
  const table = columns(facts.filter(([, value]) => value !== ''))
  const parts = layers.map((layer) => [
    `  ${layer.digest}`,
    formatSize(layer.size),
    (layer.createdBy ?? layer.mediaType).replace(/\s+/g, ' ').slice(0, 80),
  ])
  const text = `${table}${parts.length > 0 ? `Layers\n${columns(parts)}` : ''}`
  const nested = manifests.map((entry) => textOf(entry, `${indent}  `))
  return [text.replace(/^(?=.)/gm, indent), ...nested].join('\n')
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.map((one) => JSON.stringify(one)).join(' ') : JSON.stringify(value)
}
