// SPDX-License-Identifier: Apache-2.0

/** A message of which only the fields that matter are given. */
export type Draft<T> = T extends bigint | number | string | boolean | Uint8Array | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Draft<Item>[]
    : { [K in keyof T]?: Draft<T[K]> | undefined }
