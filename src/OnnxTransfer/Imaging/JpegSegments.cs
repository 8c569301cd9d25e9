using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Walks the marker segments of a JPEG file up to its first scan, passing over stray bytes as libjpeg does. Ends quietly
/// where the bytes end or make no sense.
/// </summary>
internal ref struct JpegSegments(ReadOnlySpan<byte> encoded)
{
    public const byte EndOfImage = 0xD9;
    private const byte StartOfScan = 0xDA;

    private readonly ReadOnlySpan<byte> _encoded = encoded;
    private int _position = 2;

    /// <summary>The segment reached.</summary>
    public JpegSegment Current { get; private set; }

    /// <summary>Where the walk stands: after the last segment, that is the first scan or the end marker.</summary>
    public readonly int Position => Math.Min(_position, _encoded.Length);

    public readonly JpegSegments GetEnumerator() => this;

    public bool MoveNext()
    {
        while (true)
        {
            while (_position < _encoded.Length && _encoded[_position] != 0xFF)
            {
                _position++;
            }

            while (_position < _encoded.Length && _encoded[_position] == 0xFF)
            {
                _position++;
            }

            if (_position + 3 > _encoded.Length)
            {
                return false;
            }

            byte marker = _encoded[_position++];
            if (marker is EndOfImage or StartOfScan)
            {
                _position -= 2;
                return false;
            }

            // Markers without a payload: a stuffed FF, TEM, restarts, a second start of image.
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD8))
            {
                continue;
            }

            int length = ReadUInt16BigEndian(_encoded[_position..]);
            if (length < 2 || _position + length > _encoded.Length)
            {
                return false;
            }

            Current = new JpegSegment(marker, _encoded.Slice(_position + 2, length - 2));
            _position += length;
            return true;
        }
    }
}
