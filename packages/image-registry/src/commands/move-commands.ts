// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { formatReference } from '@teu/oci-spec/distribution'
import { type Descriptor, parsePlatform } from '@teu/oci-spec/image'
import { Command, Option } from 'commander'
import type { RegistryClient } from '../client/registry-client.ts'
import type { Compression } from '../image/compression/compress.ts'
import { type Access, type ClientFlags, count, openClient, openClientFor, withClientFlags } from './client-options.ts'
import { type MoveOptions, moveImage } from './move-image.ts'
import { type FileKind, fileKinds, findFile, type Place, parsePlace, registryReference } from './place.ts'
import { Progress } from './progress.ts'
import { printJson, type Running, run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

interface MoveFlags extends ClientFlags {
  platform?: string
  concurrency?: number
  chunkSize?: number
  json?: boolean
  quiet?: boolean
}

interface CopyFlags extends MoveFlags {
  referrers?: boolean
  srcCreds?: string
  destCreds?: string
  srcInsecure?: boolean
  destInsecure?: boolean
}

function withMoveFlags(command: Command): Command {
  command
    .option('--platform <os/arch[/variant]>', 'the one image of an index to take; default all of it')
    .option('--concurrency <n>', 'blobs that are transferred at a time', count(1))
  return withOutputFlags(command).option('-q, --quiet', 'show no progress')
}

function withSendFlags(command: Command): Command {
  return withMoveFlags(command).option('--chunk-size <bytes>', 'send blobs in requests of at most this size', count(1))
}

function withOutputFlags(command: Command): Command {
  return command.option('--json', 'print the result as JSON')
}

const places = `
Places:
  registry.example/team/app:v1       in a registry; docker:// in front of it is fine
  oci:DIR[:NAME]                     in an OCI layout
  oci-archive:FILE[:NAME]            in a tar of one
  docker-archive:FILE[:NAME]         in an archive as docker save writes it
`

/** `teu-registry copy`. @internal */
export function copyCommand(around: Surroundings): Command {
  const command = new Command('copy')
    .description('Copy an image from one place to another.')
    .argument('<from>', 'where the image is')
    .argument('<to>', 'where it is to go')
    .option('--referrers', 'copy signatures and attestations too')
  withSendFlags(command)
  withClientFlags(command, { own: false })
    .option('--src-creds <user:password>', 'credentials for the registry that is read')
    .option('--dest-creds <user:password>', 'credentials for the registry that is written to')
    .option('--src-insecure', 'accept any certificate, and plain http, of the registry that is read')
    .option('--dest-insecure', 'the same of the registry that is written to')
  return command
    .addHelpText(
      'after',
      `${places}
Examples:
  teu-registry copy docker.io/library/alpine:3 localhost:5000/alpine:3
      all platforms, byte for byte; blobs that are there are not sent

  teu-registry copy --platform linux/arm64 localhost:5000/app oci:./layout:app
      one platform, into a layout

  teu-registry copy --referrers localhost:5000/team/app:v1 registry.example/team/app:v1
      with its signatures`,
    )
    .action((from: string, to: string, flags: CopyFlags) =>
      run(around, async (running) => {
        const [source, target] = [parsePlace(from), parsePlace(to)]
        await using client = await openClient(around, flags, accessOf(source, target, flags))
        await move(running, source, target, flags, { client, ...(flags.referrers && { referrers: true }) })
      }),
    )
}

function accessOf(source: Place, target: Place, flags: CopyFlags): Map<string, Access> {
  const access = new Map<string, Access>()
  if (source.kind === 'registry')
    access.set(source.reference.registry, { creds: flags.srcCreds, insecure: flags.srcInsecure })
  if (target.kind !== 'registry') return access
  const { registry } = target.reference
  const before = access.get(registry)
  return access.set(registry, {
    creds: flags.destCreds ?? before?.creds,
    insecure: flags.destInsecure ?? before?.insecure,
  })
}

/** `teu-registry push`. @internal */
export function pushCommand(around: Surroundings): Command {
  const command = new Command('push')
    .description('Push an image from a layout or an archive to a registry.')
    .argument('<file>', 'layout or archive: a path, or a place')
    .argument('<reference>', 'what it is to be called')
    .option('--name <name>', 'which image, when there are several')
    .addOption(
      new Option('--compression <how>', "what becomes of uncompressed layers of docker's archives")
        .choices(['gzip', 'zstd', 'none'])
        .default('gzip'),
    )
  return withClientFlags(withSendFlags(command))
    .addHelpText(
      'after',
      `${places}
Examples:
  docker save team/app | gzip > app.tar.gz
  teu-registry push app.tar.gz localhost:5000/team/app:v1
      compresses on all cores, while it sends

  teu-registry push ./layout --name v1 registry.example/team/app:v1
      byte for byte`,
    )
    .action((file: string, text: string, flags: MoveFlags & { name?: string; compression: Compression }) =>
      run(around, async (running) => {
        const reference = registryReference(text)
        const source = await findFile(file, flags.name)
        await using client = await openClientFor(around, flags, reference.registry)
        const extra = { client, compression: flags.compression }
        await move(running, source, { kind: 'registry', reference }, flags, extra)
      }),
    )
}

/** `teu-registry pull`. @internal */
export function pullCommand(around: Surroundings): Command {
  const command = new Command('pull')
    .description('Pull an image from a registry into a layout or an archive.')
    .argument('<reference>', 'the image')
    .argument('<file>', 'folder of a layout, or name of an archive')
    .option('--name <name>', 'what it is to be called there; default its tag')
    .addOption(
      new Option('--format <kind>', 'default oci, or oci-archive for a name that ends in .tar').choices(fileKinds),
    )
  return withClientFlags(withMoveFlags(command))
    .addHelpText(
      'after',
      `
A pull into a layout that was broken off goes on where it was.

Examples:
  teu-registry pull alpine ./layout
      all platforms of docker.io/library/alpine:latest

  teu-registry pull --platform linux/arm64 --format docker-archive localhost:5000/app app.tar
  docker load -i app.tar`,
    )
    .action((text: string, file: string, flags: MoveFlags & { name?: string; format?: FileKind }) =>
      run(around, async (running) => {
        const reference = registryReference(text)
        const target = targetOf(file, flags)
        await using client = await openClientFor(around, flags, reference.registry)
        await move(running, { kind: 'registry', reference }, target, flags, { client })
      }),
    )
}

function targetOf(file: string, { name, format }: { name?: string; format?: FileKind }): Place {
  const explicit = fileKinds.some((kind) => file.startsWith(`${kind}:`)) ? parsePlace(file) : undefined
  if (explicit !== undefined) {
    if (format !== undefined)
      throw new StackError('invalid-argument', `${file} says what it is; --format is not needed`)
    return { ...explicit, ...(name && { name }) }
  }
  return { kind: format ?? (file.endsWith('.tar') ? 'oci-archive' : 'oci'), path: file, ...(name && { name }) }
}

async function move(
  { around, signal }: Running,
  from: Place,
  to: Place,
  flags: MoveFlags,
  extra: Pick<MoveOptions, 'client' | 'compression' | 'referrers'> & { client: RegistryClient },
): Promise<void> {
  const { platform, concurrency, chunkSize } = flags
  let descriptor: Descriptor
  {
    using progress = new Progress(flags.quiet ? undefined : around.stderr)
    descriptor = await moveImage(from, to, {
      ...{ signal, onEvent: progress.hear },
      ...(platform && { platform: parsePlatform(platform) }),
      ...(concurrency && { concurrency }),
      ...(chunkSize && { chunkSize }),
      ...extra,
    })
  }
  if (flags.json) printJson(around, { ...descriptor, to: placeText(to) })
  else around.stdout.write(`${descriptor.digest}\n`)
}

function placeText(place: Place): string {
  return place.kind === 'registry' ? formatReference(place.reference) : `${place.kind}:${place.path}`
}
