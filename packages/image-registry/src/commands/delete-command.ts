// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { formatReference, parseReference } from '@teu/oci-spec/distribution'
import { Command } from 'commander'
import { type ClientFlags, openClientFor, withClientFlags } from './client-options.ts'
import { printJson, run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

interface DeleteFlags extends ClientFlags {
  blob?: boolean
  byDigest?: boolean
  json?: boolean
}

/** `teu-registry delete`. @internal */
export function deleteCommand(around: Surroundings): Command {
  const command = new Command('delete')
    .description('Delete a tag, or by digest a manifest with all its tags.')
    .argument('<reference>', 'with a tag or a digest')
    .option('--by-digest', 'delete what the tag names, and all other tags of it')
    .option('--blob', 'the digest is of a blob')
    .option('--json', 'print the result as JSON')
  return withClientFlags(command)
    .addHelpText(
      'after',
      `
What nothing points at any more is removed by the registry when it collects garbage.

Examples:
  teu-registry delete localhost:5000/team/app:v1
  teu-registry delete --by-digest localhost:5000/team/app:v1
      also where the registry, as docker's own, deletes no single tags`,
    )
    .action((text: string, flags: DeleteFlags) =>
      run(around, async ({ signal }) => {
        const reference = parseReference(text.replace(/^docker:\/\//, ''))
        const { registry, repository, tag, digest } = reference
        // Nobody wants "latest" to be understood here.
        if (tag === undefined && digest === undefined)
          throw new StackError('invalid-argument', `${text}: say which tag or digest`)
        await using client = await openClientFor(around, flags, registry)
        const at = { registry, repository }
        if (flags.blob) {
          if (digest === undefined) throw new StackError('invalid-argument', `${text}: a blob goes by its digest`)
          await client.deleteBlob(at, digest, { signal })
        } else {
          const found = digest ?? (flags.byDigest ? (await client.resolve(reference, { signal })).digest : undefined)
          await client.deleteManifest(found === undefined ? reference : { ...at, digest: found }, { signal })
        }
        if (flags.json) printJson(around, { deleted: formatReference(reference) })
        else around.stdout.write(`deleted ${formatReference(reference)}\n`)
      }),
    )
}
