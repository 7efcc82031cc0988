// SPDX-License-Identifier: Apache-2.0
import { parseReference, type RegistryClient } from '@teu/image-registry/client'

/**
 * What is under test here: a release tool. It lets `target` name what `source` names, signatures included, and refuses to
 * move a tag that is taken.
 */
export async function promote(client: RegistryClient, source: string, target: string): Promise<string> {
  const to = parseReference(target)
  const wanted = await client.resolve(parseReference(source))
  const there = await tagOf(client, target)
  if (there !== undefined && there !== wanted.digest) throw new Error(`${target} is taken by ${there}`)
  const { descriptor } = await client.copy(parseReference(source), to, { referrers: true })
  return descriptor.digest
}

async function tagOf(client: RegistryClient, reference: string): Promise<string | undefined> {
  const parsed = parseReference(reference)
  try {
    return (await client.resolve(parsed)).digest
  } catch (error) {
    if ((error as { code?: string }).code === 'not-found') return undefined
    throw error
  }
}
