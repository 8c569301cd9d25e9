namespace OnnxTransfer.Onnx;

/// <summary>y = Scale[c] x + Shift[c] in every channel c: what a batch norm does once its statistics are fixed.</summary>
internal sealed record ChannelAffine(double[] Scale, double[] Shift)
{
    /// <summary>The same scale and shift in every channel.</summary>
    public static ChannelAffine Of(int channels, double scale, double shift) =>
        new([.. Enumerable.Repeat(scale, channels)], [.. Enumerable.Repeat(shift, channels)]);

    /// <summary>y = x.</summary>
    public static ChannelAffine Identity(int channels) => Of(channels, 1, 0);

    /// <summary>Whether all numbers are finite; a variance below -epsilon makes them otherwise.</summary>
    public bool IsFinite => Scale.All(double.IsFinite) && Shift.All(double.IsFinite);

    /// <summary>Whether zero stays zero, so that padding may come before or after.</summary>
    public bool KeepsZero => Shift.All(shift => shift == 0);

    /// <summary>This first, then <paramref name="next"/>.</summary>
    public ChannelAffine Then(ChannelAffine next) => new(
        [.. Scale.Zip(next.Scale, (a, b) => a * b)],
        [.. Shift.Select((shift, c) => (next.Scale[c] * shift) + next.Shift[c])]);
}
