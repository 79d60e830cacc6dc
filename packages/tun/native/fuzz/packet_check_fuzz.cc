// Any virtio header before any packet: no harm, and a verdict that keeps its own rules.

#include <vector>

#include "../core/packet_check.h"
#include "byte_source.h"

using namespace tunscope;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  ByteSource source(bytes, length);
  const VirtioHeader header = source.number<VirtioHeader>();
  // A copy of exact size, so that one byte too far is found.
  const auto rest = source.rest();
  const std::vector<uint8_t> packet(rest.begin(), rest.end());
  const PacketFinding finding = check_packet(header, packet);
  require(finding.segment_size == 0 || finding.segment_size == header.gso_size);
  require(finding.segment_size == 0 || finding.segment_size < packet.size());
  require(finding.verdict != Verdict::kBadVirtioHeader || finding.segment_size == 0);
  require(finding.verdict != Verdict::kBadVirtioHeader || header.gso_type != 0 || header.flags != 0);
  return 0;
}
