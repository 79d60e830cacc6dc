// Any header before any payload: what is cut is whole, in order, and has right checksums.

#include <vector>

#include "../core/packet_check.h"
#include "../core/segment_cutter.h"
#include "byte_source.h"

using namespace tunscope;

namespace {

std::vector<iovec> pieces_of(std::vector<uint8_t>& payload, size_t piece_length) {
  std::vector<iovec> pieces;
  for (size_t at = 0; at < payload.size(); at += piece_length) {
    pieces.push_back({.iov_base = &payload[at], .iov_len = std::min(piece_length, payload.size() - at)});
  }
  return pieces;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  ByteSource source(bytes, length);
  const size_t piece_length = size_t{source.number<uint8_t>()} + 1;
  const uint32_t segment_size = source.number<uint16_t>() % 2'000U;
  const auto header_bytes = source.take(source.number<uint8_t>());
  const std::vector<uint8_t> exact_header(header_bytes.begin(), header_bytes.end());
  const auto header = read_train_header(exact_header);
  if (!header.has_value()) {
    return 0;
  }
  const auto rest = source.rest();
  std::vector<uint8_t> payload(rest.begin(), rest.end());
  const std::vector<iovec> pieces = pieces_of(payload, piece_length);
  SegmentCutter cutter(*header, pieces, segment_size, ChecksumForm::kFinished);
  std::vector<uint8_t> joined;
  while (const auto segment = cutter.next()) {
    std::vector<uint8_t> packet(segment->header.begin(), segment->header.end());
    for (const iovec& piece : segment->payload) {
      const uint8_t* start = static_cast<const uint8_t*>(piece.iov_base);
      packet.insert(packet.end(), start, start + piece.iov_len);
    }
    require(segment_size == 0 || packet.size() - exact_header.size() <= segment_size);
    // A fragment's flags in the header make it no whole segment, and then nobody sums it.
    require(packet.size() > 65'535 || check_packet({}, packet).verdict != Verdict::kChecksumBad);
    joined.insert(joined.end(), packet.begin() + static_cast<ptrdiff_t>(exact_header.size()), packet.end());
  }
  require(joined == payload);
  return 0;
}
