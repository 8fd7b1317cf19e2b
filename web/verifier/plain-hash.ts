// What stands in for services/runtime/evidence/native-hash.ts where there is no Node: the same hashes, slower.
export { leafHash as nativeLeafHash, nodeHash as nativeNodeHash } from '#protocol/evidence/merkle';
