using OnnxTransfer.Imaging.Augmentations;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Random changes of an image that leave its class as it is. Given what is drawn, each is byte for byte what torchvision and
/// Pillow do to a PIL image. One seed decides all that is drawn for an image: each operation draws from a stream of its own,
/// so that it draws the same whichever others there are, and in whatever order images come.
/// </summary>
/// <remarks>
/// In this order: a resized crop in place of the preprocessing's resize and crop, then on its result grey, pad and crop, flips,
/// rotation with shift, shear and zoom as one bilinear map, colours, cut-out.
/// </remarks>
public sealed record Augmentation
{
    /// <summary>torchvision's usual aspect ratios of a resized crop: 3/4 to 4/3.</summary>
    public static DrawnRange UsualRatio { get; } = new(3.0 / 4, 4.0 / 3);

    /// <summary>Share of the area that a resized crop keeps, within 0 to 1; null: the preprocessing's resize and crop.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 1, or a low above the high.</exception>
    public DrawnRange? Crop { get; init => field = Range(value, 0, 1); }

    /// <summary>Aspect ratio, width / height, of what a resized crop keeps; drawn on a logarithmic scale.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or a low above the high.</exception>
    public DrawnRange CropRatio { get; init => field = Range(value, 0, double.MaxValue)!.Value; } = UsualRatio;

    /// <summary>Pixels added to every side of the result before its size is cut out again at random; 0: none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0 or above 4096.</exception>
    public int Pad { get; init => field = (int)Within(value, 4096); }

    /// <summary>Whether <see cref="Pad"/> mirrors the image at its border instead of filling.</summary>
    public bool PadReflects { get; init; }

    /// <summary>Probability of mirroring left and right.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 1.</exception>
    public double Flip { get; init => field = Within(value, 1); }

    /// <summary>Probability of mirroring top and bottom.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 1.</exception>
    public double VerticalFlip { get; init => field = Within(value, 1); }

    /// <summary>Degrees by which the image is rotated at most, either way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 180.</exception>
    public double Rotate { get; init => field = Within(value, 180); }

    /// <summary>Share of width and height by which the image is shifted at most, to whole pixels.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 1.</exception>
    public double Shift { get; init => field = Within(value, 1); }

    /// <summary>Degrees by which columns are sheared at most, either way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 80.</exception>
    public double Shear { get; init => field = Within(value, 80); }

    /// <summary>Factor of the image's size about its middle; null: 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, above 100, or a low above the high.</exception>
    public DrawnRange? Zoom { get; init => field = Range(value, 0, 100); }

    /// <summary>How far the factor of brightness lies from 1 at most.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 10.</exception>
    public double Brightness { get; init => field = Within(value, 10); }

    /// <summary>How far the factor of contrast lies from 1 at most.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 10.</exception>
    public double Contrast { get; init => field = Within(value, 10); }

    /// <summary>How far the factor of saturation lies from 1 at most.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 10.</exception>
    public double Saturation { get; init => field = Within(value, 10); }

    /// <summary>Part of the circle by which the hue is turned at most, either way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 0.5.</exception>
    public double Hue { get; init => field = Within(value, 0.5); }

    /// <summary>Probability of being shown in grey, in all three channels; before all that changes or moves pixels, so that what is filled keeps its colour.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 1.</exception>
    public double Grey { get; init => field = Within(value, 1); }

    /// <summary>Share of the area that the square of a cut-out takes (DeVries and Taylor 2017); 0: none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Beyond 0 to 1.</exception>
    public double CutOut { get; init => field = Within(value, 1); }

    /// <summary>The same as the square's side in pixels, which goes before the share; 0: none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0 or above 65536.</exception>
    public int CutOutPixels { get; init => field = (int)Within(value, 65536); }

    /// <summary>The colour of what has no image: padding, corners of a rotation, the cut-out. Black unless set.</summary>
    public FillColour Fill { get; init; }

    /// <summary>All of it in one line, in one order and spelling, such as "crop:0.5-1,flip:0.5"; "none" without any. <see cref="Parse"/> reads it.</summary>
    public string Signature => AugmentationText.Write(this);

    /// <summary>
    /// Reads a list such as "flip,crop:0.5-1,rotate:15": flip, vflip (probability, 0.5 unless given), crop (share of the
    /// area, one number: up to 1), ratio, grey (probability), pad (pixels, or pixels:reflect), rotate, shear (degrees), shift (share), zoom (range), color (brightness, contrast
    /// and saturation), brightness, contrast, saturation, hue, cutout (share of the area, or pixels as 16px), fill (#rrggbb).
    /// </summary>
    /// <exception cref="AugmentationException">Something else; the message says what was expected.</exception>
    public static Augmentation Parse(string text) => AugmentationText.Read(text);

    /// <summary>Prepares an image as <see cref="PixelPreprocessing.Apply"/> does, augmented.</summary>
    /// <param name="image">An image of any size; not changed.</param>
    /// <param name="preprocessing">The size of the result and the filter; all of it where nothing is cropped at random.</param>
    /// <param name="seed">Decides all that is drawn.</param>
    /// <param name="destination">Takes <see cref="PixelPreprocessing.ByteCount"/> bytes: crop height x crop width x 3.</param>
    /// <param name="file">The image's name, for errors.</param>
    /// <exception cref="ArgumentException">The destination is too short, or the preprocessing contradicts itself.</exception>
    /// <exception cref="ImageException">As of the preprocessing.</exception>
    public void Apply(RgbImage image, PixelPreprocessing preprocessing, ulong seed, Span<byte> destination, string file = "image")
    {
        var (width, height) = (preprocessing.CropWidth, preprocessing.CropHeight);
        if (Crop is { } area)
        {
            if (destination.Length < preprocessing.ByteCount)
            {
                throw new ArgumentException($"{destination.Length} bytes given, but {preprocessing.Signature} writes {preprocessing.ByteCount}", nameof(destination));
            }

            var window = ResizedCrop.Draw(Draws.Of(seed, Draws.Operation.Crop), image.Width, image.Height, area, CropRatio);
            ResizedCrop.Apply(image, window, width, height, preprocessing.Interpolation, destination);
        }
        else
        {
            preprocessing.Apply(image, destination, file);
        }

        Change(destination[..preprocessing.ByteCount], width, height, seed);
    }

    /// <inheritdoc cref="Signature"/>
    public override string ToString() => Signature;

    // What happens to the preprocessed pixels, in place.
    private void Change(Span<byte> pixels, int width, int height, ulong seed)
    {
        if (Grey > 0 && Draws.Of(seed, Draws.Operation.Grey).NextDouble() < Grey)
        {
            ColourBlend.Saturation(pixels, 0);
        }

        if (Pad > 0)
        {
            var random = Draws.Of(seed, Draws.Operation.Pad);
            int top = random.NextInt((2 * Pad) + 1);
            PadAndCrop.Apply(pixels, width, Pad, random.NextInt((2 * Pad) + 1), top, PadReflects, Fill);
        }

        if (Flip > 0 && Draws.Of(seed, Draws.Operation.Flip).NextDouble() < Flip)
        {
            Augmentations.Flip.Horizontal(pixels, width);
        }

        if (VerticalFlip > 0 && Draws.Of(seed, Draws.Operation.VerticalFlip).NextDouble() < VerticalFlip)
        {
            Augmentations.Flip.Vertical(pixels, width);
        }

        if (Rotate > 0 || Shift > 0 || Shear > 0 || Zoom is not null)
        {
            Map(seed, width, height).Apply(pixels, width, Fill);
        }

        if (Brightness > 0 || Contrast > 0 || Saturation > 0 || Hue > 0)
        {
            ColourJitter.Apply(pixels, Draws.Of(seed, Draws.Operation.Colour), this);
        }

        if ((CutOutPixels > 0 ? CutOutPixels : Augmentations.CutOut.Side(CutOut, width, height)) is > 0 and var side)
        {
            var random = Draws.Of(seed, Draws.Operation.CutOut);
            int y = random.NextInt(height);
            Augmentations.CutOut.Apply(pixels, width, random.NextInt(width), y, side, Fill);
        }
    }

    // As torchvision's RandomAffine draws them; all five whether used or not.
    private AffineMap Map(ulong seed, int width, int height)
    {
        var random = Draws.Of(seed, Draws.Operation.Affine);
        double angle = random.Uniform(-Rotate, Rotate);
        int right = (int)Math.Round(random.Uniform(-Shift * width, Shift * width));
        int down = (int)Math.Round(random.Uniform(-Shift * height, Shift * height));
        var zoom = Zoom ?? new DrawnRange(1, 1);
        double factor = random.Uniform(zoom.Low, zoom.High);
        return AffineMap.About(width, height, angle, right, down, factor, random.Uniform(-Shear, Shear));
    }

    private static double Within(double value, double most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        return value <= most ? value : throw new ArgumentOutOfRangeException(nameof(value), value, FormattableString.Invariant($"expected at most {most}"));
    }

    private static DrawnRange? Range(DrawnRange? value, double above, double most) => value is not { } range || (range.Low > above && range.Low <= range.High && range.High <= most)
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, FormattableString.Invariant($"expected a range above {above} up to {most}, the lower number first"));
}
