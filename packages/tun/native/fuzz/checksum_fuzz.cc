// The fast sum in pieces against the slow sum in one go.

#include <arpa/inet.h>

#include <vector>

#include "../core/checksum.h"
#include "byte_source.h"

using namespace tunscope;

namespace {

uint16_t slow_sum(std::span<const uint8_t> bytes) {
  uint32_t sum = 0;
  for (size_t at = 0; at < bytes.size(); at += 2) {
    const uint32_t low = at + 1 < bytes.size() ? bytes[at + 1] : 0U;
    sum += (static_cast<uint32_t>(bytes[at]) << 8U) | low;
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  return static_cast<uint16_t>(sum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  ByteSource source(bytes, length);
  const size_t piece_length = size_t{source.number<uint8_t>()} + 1;
  const auto rest = source.rest();
  ChecksumAccumulator sum;
  for (size_t at = 0; at < rest.size(); at += piece_length) {
    const auto piece = rest.subspan(at, std::min(piece_length, rest.size() - at));
    const std::vector<uint8_t> exact(piece.begin(), piece.end());
    sum.add(exact);
  }
  require(ntohs(sum.folded()) == slow_sum(rest));
  return 0;
}
