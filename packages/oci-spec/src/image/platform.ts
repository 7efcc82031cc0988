// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Descriptor } from './descriptor.ts'

/** What an image runs on. @public */
export interface Platform {
  /** As in GOARCH: `amd64`, `arm64`, `arm`, ... */
  architecture: string
  /** As in GOOS: `linux`, ... */
  os: string
  'os.version'?: string
  'os.features'?: string[]
  /** The kind of CPU: `v7` of arm, `v3` of amd64, ... */
  variant?: string
}

const component = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

const architectureAliases: Record<string, Pick<Platform, 'architecture' | 'variant'>> = {
  i386: { architecture: '386' },
  ia32: { architecture: '386' },
  x32: { architecture: '386' },
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  x64: { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
}

/**
 * One spelling for each platform: Go's names for systems and architectures, no variant where it is the ordinary one
 * (arm64's v8, amd64's v1), `v7` for a plain arm.
 *
 * @public
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase()
  const spelled = platform.architecture.toLowerCase()
  const alias = Object.hasOwn(architectureAliases, spelled) ? architectureAliases[spelled] : undefined
  const architecture = alias?.architecture ?? spelled
  const variant = ordinaryVariant(architecture, (platform.variant ?? '').toLowerCase() || (alias?.variant ?? ''))
  const { variant: _, ...rest } = platform
  return { ...rest, os, architecture, ...(variant === '' ? {} : { variant }) }
}

function ordinaryVariant(architecture: string, variant: string): string {
  const spelled = /^\d/.test(variant) ? `v${variant}` : variant
  if (architecture === 'arm64') return spelled === 'v8' ? '' : spelled
  if (architecture === 'amd64') return spelled === 'v1' ? '' : spelled
  if (architecture === 'arm') return spelled === '' ? 'v7' : spelled
  return spelled
}

/**
 * Reads `os/architecture`, `os/architecture/variant`, or a known system or architecture alone; what is not said is that
 * of this machine. Throws `invalid-argument`, in containerd's words.
 *
 * @public
 */
export function parsePlatform(specifier: string): Platform {
  const shown = JSON.stringify(specifier.slice(0, 128))
  const refuse = (reason: string) => new StackError('invalid-argument', `${reason}: invalid argument`)
  const parts = specifier.split('/', 4)
  const wrong = parts.find((part) => !component.test(part))
  if (wrong !== undefined) {
    const rule = `platform specifier component must match "${component.source}"`
    throw refuse(`${JSON.stringify(wrong.slice(0, 128))} is an invalid component of ${shown}: ${rule}`)
  }
  if (parts.length > 3) throw refuse(`${shown}: cannot parse platform specifier`)
  const [first = '', second, variant] = parts
  if (second !== undefined) {
    return normalizePlatform({ os: first, architecture: second, ...(variant === undefined ? {} : { variant }) })
  }
  const host = hostPlatform()
  if (knownSystems.has(first.toLowerCase())) return normalizePlatform({ ...host, os: first })
  const alone = normalizePlatform({ os: host.os, architecture: first })
  if (!knownArchitectures.has(alone.architecture)) throw refuse(`${shown}: unknown operating system or architecture`)
  return alone
}

const knownSystems = new Set(
  (
    'aix android darwin dragonfly freebsd hurd illumos ios js linux macos nacl netbsd openbsd plan9 solaris wasi ' +
    'windows zos'
  ).split(' '),
)

const knownArchitectures = new Set(
  (
    '386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ' +
    'ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
)

/** `os/architecture`, with `/variant` when there is one. @public */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform
  return variant === undefined || variant === '' ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`
}

/** The platform of this machine's containers: always Linux. @public */
export function hostPlatform(): Platform {
  return normalizePlatform({ os: 'linux', architecture: process.arch === 'ia32' ? '386' : process.arch })
}

/**
 * What a machine of `platform` can run, best first: itself, lower variants of its architecture, then the 32-bit
 * architecture that it contains.
 *
 * @public
 */
export function runnablePlatforms(platform: Platform): Platform[] {
  const own = normalizePlatform(platform)
  const on = (architecture: string, variant?: string): Platform =>
    normalizePlatform({ os: own.os, architecture, ...(variant === undefined ? {} : { variant }) })
  const level = Number(/^v(\d)$/.exec(own.variant ?? '')?.[1] ?? 0)
  const lower = (lowest: number) => Array.from({ length: Math.max(0, level - lowest) }, (_, i) => `v${level - 1 - i}`)
  switch (own.architecture) {
    case 'amd64':
      return [own, ...lower(1).map((v) => on('amd64', v)), on('386')]
    case 'arm64':
      return [own, ...lower(8).map((v) => on('arm64', v)), ...['v8', 'v7', 'v6', 'v5'].map((v) => on('arm', v))]
    case 'arm':
      return [own, ...lower(5).map((v) => on('arm', v))]
    default:
      return [own]
  }
}

/** Whether two platforms are the same system, architecture and variant, however they are spelt. @public */
export function isSamePlatform(a: Platform, b: Platform): boolean {
  return same(normalizePlatform(a), normalizePlatform(b))
}

/** Whether two normalised platforms are the same system, architecture and variant. */
function same(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture && (a.variant ?? '') === (b.variant ?? '')
}

/**
 * The entries of an index that a machine of `platform` can run, best first; those that do not say what they are for
 * come last, and attestations (`unknown/unknown`) not at all.
 *
 * @public
 */
export function matchPlatform(entries: readonly Descriptor[], platform: Platform): Descriptor[] {
  const normalized = entries.map((entry) => entry.platform && normalizePlatform(entry.platform))
  const matches = runnablePlatforms(platform).flatMap((wanted) =>
    entries.filter((_, i) => normalized[i] !== undefined && same(normalized[i], wanted)),
  )
  return [...matches, ...entries.filter((_, i) => normalized[i] === undefined)]
}

/** The best of {@link matchPlatform}; throws `not-found` when there is none. @public */
export function choosePlatform(entries: readonly Descriptor[], platform: Platform): Descriptor {
  const [best] = matchPlatform(entries, platform)
  if (best !== undefined) return best
  throw new StackError('not-found', `no matching manifest for ${formatPlatform(platform)} in the manifest list entries`)
}
