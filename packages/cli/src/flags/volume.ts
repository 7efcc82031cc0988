// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path'
import { cut } from './csv.ts'

/** `--volume` values split into the binds of the host config and the anonymous volumes of the container config. */
export interface VolumeFlags {
  readonly binds: string[]
  readonly volumes: Record<string, Record<string, never>>
}

/**
 * Splits `-v` values: one with a source is a bind, one without is an anonymous volume. A source that starts with `.`
 * is made absolute against `directory`. Throws with docker's text for an empty section or too many colons.
 */
export function splitVolumes(specs: readonly string[], directory = process.cwd()): VolumeFlags {
  const binds: string[] = []
  const volumes: Record<string, Record<string, never>> = {}
  for (const spec of new Set(specs)) {
    const { source } = parseVolumeSpec(spec)
    if (source === '') volumes[spec] = {}
    else binds.push(absoluteSource(spec, source, directory))
  }
  return { binds, volumes }
}

function absoluteSource(spec: string, source: string, directory: string): string {
  if (!source.startsWith('.')) return spec
  return `${resolve(directory, source)}:${cut(spec, ':')[1]}`
}

interface VolumeSpec {
  source: string
  target: string
}

/** The sections of one `[source:]target[:options]`; a lone letter before a colon is a drive, not a section. */
function parseVolumeSpec(spec: string): VolumeSpec {
  if (spec === '') throw new Error('invalid empty volume spec')
  const volume: VolumeSpec = { source: '', target: '' }
  if (spec.length <= 2) return { source: '', target: spec }
  const sections = sectionsOf(spec)
  sections.forEach((section, index) => {
    const last = index === sections.length - 1
    if (section === '') throw new Error(`invalid spec: ${spec}: empty section between colons`)
    if (volume.source === '' && last) volume.target = section
    else if (volume.source === '') volume.source = section
    else if (volume.target === '') volume.target = section
    else if (!last) throw new Error(`invalid spec: ${spec}: too many colons`)
  })
  return volume
}

function sectionsOf(spec: string): string[] {
  const sections: string[] = ['']
  for (const character of spec) {
    const current = sections[sections.length - 1] as string
    if (character === ':' && !/^\p{L}$/u.test(current)) sections.push('')
    else sections[sections.length - 1] = current + character
  }
  return sections
}
