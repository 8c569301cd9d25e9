using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>The compressed pixels of a PNG: what its IDAT chunks hold, one after the other.</summary>
/// <param name="encoded">The whole file, which stays where it is as long as this is read.</param>
/// <param name="length">Its bytes.</param>
/// <param name="first">Where the first IDAT chunk begins.</param>
internal sealed unsafe class PngData(byte* encoded, int length, int first) : Stream
{
    // The next chunk, and where in the present one reading stands and ends.
    private long _next = first;
    private int _at;
    private int _end;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        while (_at == _end)
        {
            if (!Advance())
            {
                return 0;
            }
        }

        int count = Math.Min(buffer.Length, _end - _at);
        new ReadOnlySpan<byte>(encoded + _at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // To the chunk that follows, if it is there and an IDAT too; a chunk that ends beyond the file ends with it.
    private bool Advance()
    {
        if (_next + 8 > length || !new ReadOnlySpan<byte>(encoded + _next + 4, 4).SequenceEqual("IDAT"u8))
        {
            return false;
        }

        long size = ReadUInt32BigEndian(new ReadOnlySpan<byte>(encoded + _next, 4));
        _at = (int)_next + 8;
        _end = (int)Math.Min(length, _at + size);
        _next += 12 + size;
        return true;
    }
}
