namespace OnnxTransfer.Imaging;

/// <summary>What an image may ask for before it is decoded: a file of 49 kB can declare 400 million pixels.</summary>
public sealed record ImageLimits
{
    /// <summary>Pillow's refusal: twice its <c>Image.MAX_IMAGE_PIXELS</c>, which is a quarter of 1 GiB at 3 bytes a pixel.</summary>
    public const long DefaultMaxPixels = 178_956_970;

    // An RGB24 image must fit one array.
    private const long MostPixels = (int.MaxValue - 1024) / 3;

    /// <summary>The default limits.</summary>
    public static ImageLimits Default { get; } = new();

    /// <summary>Most pixels, width times height, that are decoded; 178 956 970 unless set, as in Pillow.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1, or more than one array of RGB24 pixels holds (715 million).</exception>
    public long MaxPixels
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MostPixels);
            field = value;
        }
    }

    = DefaultMaxPixels;

    /// <summary>Refuses an image that is too large; decoders call it as soon as they know the size.</summary>
    /// <exception cref="ImageException"><see cref="ImageFault.TooLarge"/>.</exception>
    public void Check(string file, long width, long height)
    {
        if ((Int128)width * height > MaxPixels)
        {
            throw new ImageException(
                file,
                ImageFault.TooLarge,
                $"its header declares {width} x {height} pixels, but at most {MaxPixels} are decoded; "
                    + "scale the image down, or raise ImageLimits.MaxPixels if it is meant to be this large");
        }
    }
}
