// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { groupAnnotations } from '@teu/shim-api'

/**
 * The group that an annotation of the bundle's config.json puts a container into (a pod, in Kubernetes); empty when none
 * does. An unreadable config.json has no annotations.
 *
 * @internal
 */
export async function groupOfBundle(bundle: string): Promise<string> {
  try {
    const config = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8')) as { annotations?: unknown }
    return groupOfAnnotations(config.annotations)
  } catch {
    return ''
  }
}

/** The group that annotations name; empty when they name none. @internal */
export function groupOfAnnotations(annotations: unknown): string {
  if (typeof annotations !== 'object' || annotations === null) return ''
  for (const name of groupAnnotations) {
    const value = (annotations as Record<string, unknown>)[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return ''
}
