using System.Buffers;

namespace OnnxTransfer.Imaging;

/// <summary>
/// A decoded image: H x W x 3 bytes, red, green and blue interleaved, top row first, no gaps between rows. The pixels
/// lie in a rented buffer, so dispose it when done.
/// </summary>
public sealed class RgbImage : IDisposable
{
    // Vector loads may read, never write, this far beyond the last pixel.
    internal const int Slack = 32;

    private byte[]? _buffer;

    /// <summary>An image whose pixels are still undefined: a decoder fills all of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1, or more pixels than one array holds.</exception>
    public RgbImage(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        long bytes = 3L * width * height;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Array.MaxLength - Slack, nameof(height));
        Width = width;
        Height = height;
        _buffer = ArrayPool<byte>.Shared.Rent((int)bytes + Slack);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>H x W x 3 bytes. Not to be used after <see cref="Dispose"/>.</summary>
    public Span<byte> Pixels => Padded[..(3 * Width * Height)];

    // The pixels and at least Slack bytes behind them.
    internal Span<byte> Padded
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer is null, this);
            return _buffer;
        }
    }

    /// <summary>An image from raw 8-bit grey pixels, H x W (idx files such as MNIST): grey in all three channels.</summary>
    /// <exception cref="ArgumentException">Not <paramref name="width"/> x <paramref name="height"/> bytes.</exception>
    public static RgbImage FromGrey8(ReadOnlySpan<byte> pixels, int width, int height)
    {
        CheckLength(pixels.Length, (long)width * height, nameof(pixels));
        var image = new RgbImage(width, height);
        PixelConversion.FromGrey(pixels, step: 1, image.Pixels);
        return image;
    }

    /// <summary>An image from raw 8-bit planes red, green, blue, 3 x H x W (CIFAR binaries).</summary>
    /// <exception cref="ArgumentException">Not 3 x <paramref name="width"/> x <paramref name="height"/> bytes.</exception>
    public static RgbImage FromPlanarRgb8(ReadOnlySpan<byte> pixels, int width, int height)
    {
        CheckLength(pixels.Length, 3L * width * height, nameof(pixels));
        var image = new RgbImage(width, height);
        PixelConversion.FromPlanes(pixels, image.Pixels);
        return image;
    }

    /// <summary>Gives the buffer back; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void CheckLength(int found, long expected, string name)
    {
        if (found != expected)
        {
            throw new ArgumentException($"{found} bytes given, but the image holds {expected}", name);
        }
    }
}
