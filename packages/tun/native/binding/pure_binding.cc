// The pure functions of the core, for the differential tests against slow TypeScript references.

#include <algorithm>
#include <vector>

#include "../core/checksum.h"
#include "../core/packet_check.h"
#include "../core/payload_cursor.h"
#include "../core/segment_cutter.h"
#include "arguments.h"
#include "environment.h"

namespace tunscope {
namespace {

std::vector<iovec> pieces_of(std::span<uint8_t> bytes, size_t piece_length) {
  std::vector<iovec> pieces;
  const iovec whole{.iov_base = bytes.data(), .iov_len = bytes.size()};
  PayloadCursor cursor(std::span(&whole, 1));
  while (cursor.bytes_left() > 0) {
    cursor.take(piece_length, pieces);
  }
  return pieces;
}

// checksum(bytes, pieceLength): the checksum in host order, summed piece by piece.
Napi::Value checksum(const Napi::CallbackInfo& call) {
  const size_t piece_length = static_cast<size_t>(std::max(number_argument(call, 1), 1));
  ChecksumAccumulator sum;
  for (const iovec& piece : pieces_of(span_argument<uint8_t>(call, 0), piece_length)) {
    sum.add({static_cast<const uint8_t*>(piece.iov_base), piece.iov_len});
  }
  return number_result(call, ntohs(sum.finished()));
}

// cutSegments(header, payload, segmentSize, isFinished, pieceLength): the wire segments, or null for a bad header.
Napi::Value cut_segments(const Napi::CallbackInfo& call) {
  const std::optional<TrainHeader> header = read_train_header(span_argument<uint8_t>(call, 0));
  if (!header.has_value()) {
    return call.Env().Null();
  }
  const size_t piece_length = static_cast<size_t>(std::max(number_argument(call, 4), 1));
  const std::vector<iovec> payload = pieces_of(span_argument<uint8_t>(call, 1), piece_length);
  const ChecksumForm form = number_argument(call, 3) == 1 ? ChecksumForm::kFinished : ChecksumForm::kPseudoHeader;
  SegmentCutter cutter(*header, payload, static_cast<uint32_t>(std::max(number_argument(call, 2), 0)), form);
  Napi::Array segments = Napi::Array::New(call.Env());
  while (const std::optional<WireSegment> segment = cutter.next()) {
    std::vector<uint8_t> bytes(segment->header.begin(), segment->header.end());
    for (const iovec& piece : segment->payload) {
      const uint8_t* start = static_cast<const uint8_t*>(piece.iov_base);
      bytes.insert(bytes.end(), start, start + piece.iov_len);
    }
    segments.Set(segments.Length(), Napi::Buffer<uint8_t>::Copy(call.Env(), bytes.data(), bytes.size()));
  }
  return segments;
}

// checkPacket(virtioHeader, packet): verdict in the low 16 bits, segment size above.
Napi::Value check_packet_bytes(const Napi::CallbackInfo& call) {
  VirtioHeader header{};
  const std::span<uint8_t> bytes = span_argument<uint8_t>(call, 0);
  if (bytes.size() == sizeof header) {
    std::memcpy(&header, bytes.data(), sizeof header);
  }
  const PacketFinding finding = check_packet(header, span_argument<uint8_t>(call, 1));
  const uint32_t packed = (uint32_t{finding.segment_size} << 16U) | static_cast<uint32_t>(finding.verdict);
  return Napi::Number::New(call.Env(), packed);
}

}  // namespace

void register_pure_functions(Napi::Object exports) {
  register_function<checksum>(exports, "checksum", nullptr);
  register_function<cut_segments>(exports, "cutSegments", nullptr);
  register_function<check_packet_bytes>(exports, "checkPacket", nullptr);
}

}  // namespace tunscope
