// One writev per train: virtio header, IP and TCP header, payload regions where they lie.

#include "tun_writer.h"

#include <cerrno>
#include <optional>

#include "byte_order.h"
#include "virtio_header.h"

namespace tunscope {
namespace {

// A kernel interface that takes non-const pointers for a write reads them only.
iovec iovec_of(const void* bytes, size_t length) {
  return {.iov_base = const_cast<void*>(bytes), .iov_len = length};
}

int write_vector(int descriptor, std::span<const iovec> iovecs) {
  for (;;) {
    if (::writev(descriptor, iovecs.data(), static_cast<int>(iovecs.size())) >= 0) {
      return 0;
    }
    if (errno != EINTR) {
      return errno;
    }
  }
}

VirtioHeader virtio_header_for(const TrainHeader& header) {
  return {.flags = kVirtioNeedsChecksum,
          .gso_type = kGsoNone,
          .header_length = static_cast<uint16_t>(header.bytes.size()),
          .gso_size = 0,
          .checksum_start = static_cast<uint16_t>(header.ip_header_length),
          .checksum_offset = kTcpChecksumOffset};
}

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6AndFragmentHeader = 48;
constexpr uint8_t kIpv6FragmentHeader = 44;

// More Fragments, or a fragment offset; or an IPv6 Fragment header right behind the fixed one.
bool is_fragment_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < kIpv4Header || bytes.size() > kMaxTrainHeader) {
    return false;
  }
  switch (bytes[0] >> 4U) {
    case 4:
      return (load_be16(&bytes[6]) & 0x3fffU) != 0;
    case 6:
      return bytes.size() >= kIpv6AndFragmentHeader && bytes[6] == kIpv6FragmentHeader;
    default:
      return false;
  }
}

// What the train's arrays say, before its payload is looked at. An IP fragment has a payload and no segment size:
// then `header` stays empty.
TrainFault check_shape(const GatherTrains& trains, size_t train, std::span<uint8_t> arena,
                       std::optional<TrainHeader>& header) {
  const int32_t total_length = trains.total_length[train];
  const int32_t segment_size = trains.segment_size[train];
  const int32_t header_offset = trains.header_offset[train];
  const int32_t header_length = trains.header_length[train];
  if (header_offset < 0 || header_length < 0 ||
      static_cast<size_t>(header_offset) + static_cast<size_t>(header_length) > arena.size()) {
    return TrainFault::kBadHeader;
  }
  const std::span<uint8_t> bytes =
      arena.subspan(static_cast<size_t>(header_offset), static_cast<size_t>(header_length));
  if (total_length > 0 && segment_size == 0 && is_fragment_header(bytes)) {
    return total_length > kMaxSinglePacket - header_length ? TrainFault::kTooLong : TrainFault::kNone;
  }
  header = read_train_header(bytes);
  if (!header.has_value()) {
    return TrainFault::kBadHeader;
  }
  if (total_length < 0 || segment_size < 0 || (total_length > 0 && segment_size == 0)) {
    return TrainFault::kBadSegmentSize;
  }
  const int32_t limit = total_length > segment_size ? kMaxTrainPacket : kMaxSinglePacket;
  return total_length > limit - header_length ? TrainFault::kTooLong : TrainFault::kNone;
}

}  // namespace

void TunWriter::count_result(const TrainResult& result, int32_t segments, TunWriteOutcome& outcome) {
  outcome.written += result.written;
  if (result.error == 0) {
    return;
  }
  outcome.last_error = result.error;
  const int32_t dropped = segments - result.written;
  switch (result.error) {
    case EAGAIN:
    case ENOBUFS:
      outcome.dropped_queue_full += dropped;
      return;
    case EIO:
      outcome.dropped_device_down += dropped;
      return;
    case EBADFD:
    case ENODEV:
    case EBADF:
      outcome.is_gone = true;
      outcome.dropped_other += dropped;
      return;
    default:
      outcome.dropped_other += dropped;
  }
}

TrainFault TunWriter::write(const TunDevice& device, const GatherTrains& trains, std::span<uint8_t> arena,
                            size_t count, TunWriteOutcome& outcome) {
  for (size_t train = 0; train < count; ++train) {
    if (outcome.is_gone) {
      outcome.dropped_other += datagrams_in_trains(trains, train, count);
      return TrainFault::kNone;
    }
    std::optional<TrainHeader> header;
    if (const TrainFault fault = check_shape(trains, train, arena, header); fault != TrainFault::kNone) {
      return fault;
    }
    iovecs_.resize(2);
    if (const TrainFault fault = gather_payload(trains, train, arena, iovecs_); fault != TrainFault::kNone) {
      return fault;
    }
    if (!header.has_value()) {
      const TrainFault fault = write_fragment(
          device, arena.subspan(static_cast<size_t>(trains.header_offset[train]),
                                static_cast<size_t>(trains.header_length[train])), outcome);
      if (fault != TrainFault::kNone) {
        return fault;
      }
      continue;
    }
    const bool is_train = trains.total_length[train] > trains.segment_size[train];
    const TrainShape shape = {
        .header = *header,
        .segment_size = is_train ? trains.segment_size[train] : 0,
        .segments = datagrams_in_train(trains.total_length[train], trains.segment_size[train])};
    TrainResult result;
    const TrainFault fault = write_train(device, shape, result);
    if (fault != TrainFault::kNone) {
      return fault;
    }
    count_result(result, shape.segments, outcome);
  }
  return TrainFault::kNone;
}

// As it stands: its checksum is finished, and a kernel that was told otherwise would finish the wrong octets.
TrainFault TunWriter::write_fragment(const TunDevice& device, std::span<const uint8_t> header,
                                     TunWriteOutcome& outcome) {
  if (iovecs_.size() > kMaxIovecs) {
    return TrainFault::kTooManyRegions;
  }
  VirtioHeader virtio{};
  iovecs_[0] = iovec_of(&virtio, sizeof virtio);
  iovecs_[1] = iovec_of(header.data(), header.size());
  const size_t first = device.has(kOffloadVirtioHeader) ? 0 : 1;
  TrainResult result;
  result.error = write_vector(device.descriptor(), std::span<const iovec>(iovecs_).subspan(first));
  result.written = result.error == 0 ? 1 : 0;
  count_result(result, 1, outcome);
  return TrainFault::kNone;
}

TrainFault TunWriter::write_train(const TunDevice& device, const TrainShape& train, TrainResult& result) {
  const int32_t tso = train.header.ip_version == 4 ? kOffloadTso4 : kOffloadTso6;
  const bool kernel_finishes = device.has(kOffloadChecksum) && (train.segment_size == 0 || device.has(tso));
  if (!kernel_finishes || iovecs_.size() > kMaxIovecs) {
    return write_cut(device, train, result);
  }
  write_whole(device, train, result);
  return TrainFault::kNone;
}

void TunWriter::write_whole(const TunDevice& device, const TrainShape& train, TrainResult& result) {
  const TrainHeader& header = train.header;
  VirtioHeader virtio = virtio_header_for(header);
  if (train.segment_size > 0) {
    virtio.gso_type = header.ip_version == 4 ? kGsoTcpV4 : kGsoTcpV6;
    virtio.gso_size = static_cast<uint16_t>(train.segment_size);
  }
  iovecs_[0] = iovec_of(&virtio, sizeof virtio);
  iovecs_[1] = iovec_of(header.bytes.data(), header.bytes.size());
  result.error = write_vector(device.descriptor(), iovecs_);
  result.written = result.error == 0 ? train.segments : 0;
}

// Stops at the first segment the kernel does not take: the rest of the train would only be a gap.
TrainFault TunWriter::write_cut(const TunDevice& device, const TrainShape& train, TrainResult& result) {
  const TrainHeader& header = train.header;
  const bool may_leave_checksum = device.has(kOffloadChecksum);
  VirtioHeader virtio{};
  if (may_leave_checksum) {
    virtio = virtio_header_for(header);
  }
  SegmentCutter cutter(header, std::span<const iovec>(iovecs_).subspan(2), static_cast<uint32_t>(train.segment_size),
                       may_leave_checksum ? ChecksumForm::kPseudoHeader : ChecksumForm::kFinished);
  while (const std::optional<WireSegment> segment = cutter.next()) {
    segment_iovecs_.clear();
    if (device.has(kOffloadVirtioHeader)) {
      segment_iovecs_.push_back(iovec_of(&virtio, sizeof virtio));
    }
    segment_iovecs_.push_back(iovec_of(segment->header.data(), segment->header.size()));
    segment_iovecs_.insert(segment_iovecs_.end(), segment->payload.begin(), segment->payload.end());
    if (segment_iovecs_.size() > kMaxIovecs) {
      return TrainFault::kTooManyRegions;
    }
    result.error = write_vector(device.descriptor(), segment_iovecs_);
    if (result.error != 0) {
      return TrainFault::kNone;
    }
    result.written += 1;
  }
  return TrainFault::kNone;
}

}  // namespace tunscope
