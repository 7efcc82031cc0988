// SPDX-License-Identifier: Apache-2.0
// Preloaded by scripts/test-native-asan.mjs: the tests then load the addon that is named in TEU_SANITIZED_ADDON.
const original = process.dlopen
process.dlopen = (module, file, ...rest) =>
  original.call(process, module, file.endsWith('/teu_linux.node') ? process.env.TEU_SANITIZED_ADDON : file, ...rest)
