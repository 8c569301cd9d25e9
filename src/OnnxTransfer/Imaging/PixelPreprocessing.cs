namespace OnnxTransfer.Imaging;

/// <summary>
/// The pixel part of a backbone's preprocessing: resize, then cut out the centre. Byte for byte what
/// torchvision.transforms.Resize and CenterCrop do to a PIL image; scaling to floats belongs to the graph.
/// </summary>
public sealed record PixelPreprocessing
{
    /// <summary>How the resized size follows from the image's.</summary>
    public ResizeRule Resize { get; init; } = ResizeRule.ShorterSide;

    /// <summary>Rows after resizing; with <see cref="ResizeRule.ShorterSide"/> the pixels of the shorter side.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public required int Height { get; init => field = Positive(value); }

    /// <summary>Columns after resizing; with <see cref="ResizeRule.ShorterSide"/> the same as <see cref="Height"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public required int Width { get; init => field = Positive(value); }

    /// <summary>Rows of the result, cut from the middle; black rows are added where the resized image has fewer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public required int CropHeight { get; init => field = Positive(value); }

    /// <summary>Columns of the result, likewise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public required int CropWidth { get; init => field = Positive(value); }

    /// <summary>The filter.</summary>
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;

    /// <summary>Bytes of the result: crop height x crop width x 3.</summary>
    public int ByteCount => checked(CropHeight * CropWidth * 3);

    /// <summary>
    /// The whole of it in one line, for cache keys and reports, such as
    /// "shorterSide 256 bilinear crop 224x224" or "exact 224x224 bicubic crop 224x224" (height x width).
    /// </summary>
    public string Signature
    {
        get
        {
            string size = Resize == ResizeRule.Exact ? $"exact {Height}x{Width}" : $"shorterSide {Height}";
            string filter = Interpolation == Interpolation.Bilinear ? "bilinear" : "bicubic";
            return $"{size} {filter} crop {CropHeight}x{CropWidth}";
        }
    }

    /// <summary>Resize the shorter side to <paramref name="size"/> and cut out the central square of <paramref name="crop"/>.</summary>
    public static PixelPreprocessing ShorterSide(int size, int crop, Interpolation interpolation = Interpolation.Bilinear) => new()
    {
        Resize = ResizeRule.ShorterSide,
        Height = size,
        Width = size,
        CropHeight = crop,
        CropWidth = crop,
        Interpolation = interpolation,
    };

    /// <summary>Stretch to <paramref name="height"/> x <paramref name="width"/> and keep all of it.</summary>
    public static PixelPreprocessing Exact(int height, int width, Interpolation interpolation = Interpolation.Bilinear) => new()
    {
        Resize = ResizeRule.Exact,
        Height = height,
        Width = width,
        CropHeight = height,
        CropWidth = width,
        Interpolation = interpolation,
    };

    /// <summary>Resizes and crops one image; only the pixels that survive the crop are computed.</summary>
    /// <param name="image">An image of any size.</param>
    /// <param name="destination">Takes <see cref="ByteCount"/> bytes: crop height x crop width x 3.</param>
    /// <param name="file">The image's name, for errors.</param>
    /// <exception cref="ArgumentException">The destination is too short, or the settings contradict each other.</exception>
    /// <exception cref="ImageException">The image is so narrow that the resized one cannot be counted in 31 bits.</exception>
    public void Apply(RgbImage image, Span<byte> destination, string file = "image")
    {
        if (destination.Length < ByteCount)
        {
            throw new ArgumentException($"{destination.Length} bytes given, but {Signature} writes {ByteCount}", nameof(destination));
        }

        destination = destination[..ByteCount];
        var (width, height) = ResizedSize(image.Width, image.Height, file);
        var (left, columns, gapLeft) = Centre(width, CropWidth);
        var (top, rows, gapTop) = Centre(height, CropHeight);
        if (columns < CropWidth || rows < CropHeight)
        {
            destination.Clear();
        }

        int stride = 3 * CropWidth;
        PillowResizer.Resize(
            image,
            width,
            height,
            Interpolation,
            new PixelWindow(left, top, columns, rows),
            destination[((gapTop * stride) + (3 * gapLeft))..],
            stride);
    }

    /// <inheritdoc cref="Signature"/>
    public override string ToString() => Signature;

    // The size between resize and crop; torchvision's _compute_resized_output_size.
    internal (int Width, int Height) ResizedSize(int width, int height, string file = "image")
    {
        if (Resize == ResizeRule.Exact)
        {
            return (Width, Height);
        }

        if (Width != Height)
        {
            throw new ArgumentException(
                $"shorterSide needs one size, but height is {Height} and width {Width}; set both the same, or use ResizeRule.Exact");
        }

        int shorter = Math.Min(width, height);
        double longer = (double)((long)Height * Math.Max(width, height)) / shorter;
        if (longer > int.MaxValue / 3)
        {
            throw new ImageException(
                file,
                ImageFault.TooLarge,
                $"{width} x {height} pixels are too narrow for {Signature}: the longer side would become {longer:F0} pixels; crop the image or remove it");
        }

        return width <= height ? (Height, (int)longer) : ((int)longer, Height);
    }

    // torchvision's center_crop along one side: first pixel and number of pixels taken, and black pixels before them.
    private static (int Start, int Count, int Gap) Centre(int size, int crop) => size >= crop
        ? ((int)Math.Round((size - crop) / 2.0, MidpointRounding.ToEven), crop, 0)
        : (0, size, (crop - size) / 2);

    private static int Positive(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        return value;
    }
}
