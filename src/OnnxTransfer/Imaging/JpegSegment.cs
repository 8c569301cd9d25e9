namespace OnnxTransfer.Imaging;

/// <summary>One marker segment.</summary>
internal readonly ref struct JpegSegment(byte marker, ReadOnlySpan<byte> payload)
{
    public byte Marker { get; } = marker;

    public ReadOnlySpan<byte> Payload { get; } = payload;
}
