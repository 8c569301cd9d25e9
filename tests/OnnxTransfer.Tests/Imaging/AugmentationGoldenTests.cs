using OnnxTransfer.Imaging;
using OnnxTransfer.Imaging.Augmentations;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>Each operation, given what is drawn, against Pillow and torchvision: golden/make_augmented.py.</summary>
public class AugmentationGoldenTests
{
    private static readonly FillColour Grey = new(127, 130, 7);

    [Theory]
    [InlineData("flip", 3)]
    [InlineData("vflip", 3)]
    [InlineData("pad", 16)]
    [InlineData("padFilled", 16)]
    [InlineData("padReflected", 12)]
    [InlineData("cutOut", 12)]
    [InlineData("affine", 112)]
    [InlineData("brightness", 33)]
    [InlineData("contrast", 33)]
    [InlineData("saturation", 33)]
    [InlineData("hue", 34)]
    [InlineData("crop", 12)]
    public void Bytes_equal_those_of_Pillow_and_torchvision(string operation, int cases)
    {
        var goldens = Golden.Read<Case>("augmented.json").Where(golden => golden.Operation == operation).ToArray();
        Assert.Equal(cases, goldens.Length);
        var wrong = goldens.Where(golden => Golden.Sha256(Applied(golden)) != golden.Pixels).Select(golden => golden.Seed);
        Assert.Empty(wrong);
    }

    private static byte[] Applied(Case golden)
    {
        using var image = Golden.Noise(golden.Width, golden.Height, golden.Seed);
        byte[] pixels = image.Pixels.ToArray();
        int width = golden.Width;
        double[] n = golden.Numbers;
        switch (golden.Operation)
        {
            case "flip":
                Flip.Horizontal(pixels, width);
                break;
            case "vflip":
                Flip.Vertical(pixels, width);
                break;
            case "pad":
                PadAndCrop.Apply(pixels, width, (int)n[0], (int)n[1], (int)n[2], reflects: false, default);
                break;
            case "padFilled":
                PadAndCrop.Apply(pixels, width, (int)n[0], (int)n[1], (int)n[2], reflects: false, Grey);
                break;
            case "padReflected":
                PadAndCrop.Apply(pixels, width, (int)n[0], (int)n[1], (int)n[2], reflects: true, Grey);
                break;
            case "cutOut":
                CutOut.Apply(pixels, width, (int)n[0], (int)n[1], (int)n[2], Grey);
                break;
            case "affine":
                AffineMap.About(width, golden.Height, n[0], (int)n[1], (int)n[2], n[3], n[4]).Apply(pixels, width, new FillColour((byte)n[5], (byte)n[6], (byte)n[7]));
                break;
            case "brightness":
                ColourBlend.Brightness(pixels, (float)n[0]);
                break;
            case "contrast":
                ColourBlend.Contrast(pixels, (float)n[0]);
                break;
            case "saturation":
                ColourBlend.Saturation(pixels, (float)n[0]);
                break;
            case "hue":
                HueShift.Apply(pixels, n[0]);
                break;
            default:
                pixels = new byte[3 * (int)n[4] * (int)n[5]];
                var filter = golden.Text == "bicubic" ? Interpolation.Bicubic : Interpolation.Bilinear;
                ResizedCrop.Apply(image, new PixelWindow((int)n[0], (int)n[1], (int)n[2], (int)n[3]), (int)n[4], (int)n[5], filter, pixels);
                break;
        }

        return pixels;
    }

    private sealed record Case(string Operation, int Width, int Height, uint Seed, double[] Numbers, string Text, string Pixels);
}
