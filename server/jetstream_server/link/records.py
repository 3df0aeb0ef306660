"""Between blocks and sealed records: what every carrier does with a block before it travels and after."""

import time

from jetstream_server.link.carrier import BlockSink, BlockSource, CarrierStatistics
from jetstream_server.link.sealed import Kind, SealBroken, Sealer, pack_gaps, split_gaps


def seal_block(
    source: BlockSource, block: int, sealer: Sealer, plain: memoryview, out: memoryview, statistics: CarrierStatistics
) -> int:
    """Read *block* and seal it into *out*; returns the record's length.

    :param plain: room for a block.
    """
    began = time.perf_counter()
    filled = source.fill(block, plain)
    read = time.perf_counter()
    if filled.zero:
        length = sealer.seal(block, Kind.ZERO, b"", out)
    elif filled.gaps:
        length = sealer.seal(block, Kind.GAPS, pack_gaps(list(filled.gaps)) + plain[: filled.length], out)
    else:
        length = sealer.seal(block, Kind.DATA, plain[: filled.length], out)
    statistics.seconds_reading += read - began
    statistics.seconds_sealing += time.perf_counter() - read
    return length


def store_block(sink: BlockSink, block: int, kind: Kind, data: memoryview) -> None:
    """Hand an opened record to the sink.

    :raises SealBroken: if it names a block that does not exist, or has another length than its block.
    """
    gaps: list[int] = []
    if kind == Kind.GAPS:
        gaps, data = split_gaps(data)
    try:
        expected = sink.block_length(block)
    except IndexError as error:
        raise SealBroken("a record names a block that does not exist") from error
    zero = kind == Kind.ZERO
    if not zero and len(data) != expected:
        raise SealBroken("a record has another length than its block")
    sink.store(block, data, zero=zero, gaps=gaps)
