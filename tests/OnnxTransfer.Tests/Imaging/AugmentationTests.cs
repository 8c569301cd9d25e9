using OnnxTransfer.Imaging;
using OnnxTransfer.Imaging.Augmentations;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Imaging;

public class AugmentationTests
{
    private static readonly PixelPreprocessing Small = PixelPreprocessing.ShorterSide(36, 32);

    [Theory]
    [InlineData("flip,crop:0.5-1,rotate:15,shift:0.1,shear:10,zoom:0.8-1.2,color:0.2,cutout:0.25,pad:4",
        "crop:0.5-1,pad:4,flip:0.5,rotate:15,shift:0.1,shear:10,zoom:0.8-1.2,color:0.2,cutout:0.25")]
    [InlineData("none", "none")]
    [InlineData(" crop : 0.5 , ratio:1-1,vflip:0.25,pad:4:reflect,cutout:16px,fill:#7F7f70 ", "crop:0.5-1,ratio:1-1,pad:4:reflect,vflip:0.25,cutout:16px,fill:#7f7f70")]
    [InlineData("brightness:0.4,hue:0.05,contrast:0.4,saturation:0.1", "brightness:0.4,contrast:0.4,saturation:0.1,hue:0.05")]
    [InlineData("shift:1e-5,zoom:0.00001-1", "shift:1E-05,zoom:1E-05-1")]
    public void A_text_has_one_spelling_and_is_read_again(string text, string signature)
    {
        var augmentation = Augmentation.Parse(text);

        Assert.Equal(signature, augmentation.Signature);
        Assert.Equal(augmentation, Augmentation.Parse(signature));
    }

    [Fact]
    public void Every_digit_is_in_the_signature()
    {
        var augmentation = new Augmentation { Flip = 1.0 / 3, Crop = new DrawnRange(1.0 / 7, 0.9) };

        Assert.Equal("crop:0.14285714285714285-0.9,flip:0.3333333333333333", augmentation.Signature);
        Assert.Equal(augmentation, Augmentation.Parse(augmentation.Signature));
    }

    [Theory]
    [InlineData("spin:3", "augmentation 'spin:3': no operation 'spin'; expected a list of crop, ratio, grey, pad, flip, vflip, rotate, shift, shear, zoom, color, brightness, contrast, saturation, hue, cutout, fill, such as flip,crop:0.5-1")]
    [InlineData("flip,flip", "augmentation 'flip,flip': 'flip' is said twice; expected it once")]
    [InlineData("flip:2", "augmentation 'flip:2': 'flip:2'; expected a probability from 0 to 1, or none for 0.5")]
    [InlineData("crop:1-0.5", "augmentation 'crop:1-0.5': 'crop:1-0.5'; expected a share of the area above 0 up to 1, such as crop:0.5-1")]
    [InlineData("crop:0.5-1.5", "expected a share of the area above 0 up to 1")]
    [InlineData("crop", "expected a share of the area above 0 up to 1")]
    [InlineData("zoom:1.2", "expected factors from one to another, such as zoom:0.8-1.2")]
    [InlineData("zoom:0-1", "expected factors from one to another")]
    [InlineData("rotate:-3", "expected degrees up to 180")]
    [InlineData("rotate:NaN", "expected degrees up to 180")]
    [InlineData("pad:4:wrap", "expected pixels up to 4096")]
    [InlineData("pad:1.5", "expected pixels up to 4096")]
    [InlineData("cutout:2", "expected a share of the area up to 1, or the side in pixels")]
    [InlineData("fill:red", "expected a colour, such as fill:#7f7f7f")]
    [InlineData("ratio:1-2", "ratio is that of a crop; say crop too")]
    [InlineData("color:0.2,contrast:0.1", "color sets brightness, contrast and saturation; say either it or them")]
    [InlineData("", "no operation ''")]
    public void What_is_no_augmentation_is_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<AugmentationException>(() => Augmentation.Parse(text)).Message);

    [Fact]
    public void Properties_refuse_what_they_cannot_mean()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Augmentation { Flip = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Augmentation { Pad = -1 });
        Assert.Contains("expected a range above 0 up to 1, the lower number first", Assert.Throws<ArgumentOutOfRangeException>(() => new Augmentation { Crop = new DrawnRange(0.5, 1.5) }).Message);
    }

    [Fact]
    public void Nothing_drawn_is_the_preprocessing()
    {
        using var image = Golden.Noise(70, 50, 1);
        Assert.Equal(Plain(image), Augmented(image, "none", 7));
        Assert.Equal(Plain(image), Augmented(image, "flip:0,rotate:0,cutout:0", 7));
    }

    [Fact]
    public void The_seed_decides_everything()
    {
        using var image = Golden.Noise(70, 50, 1);
        const string All = "crop:0.3-1,pad:4:reflect,flip,vflip,rotate:20,shift:0.2,shear:10,zoom:0.8-1.2,color:0.3,hue:0.1,cutout:0.1";
        byte[] first = Augmented(image, All, 7);
        Augmented(image, All, 8);

        Assert.Equal(first, Augmented(image, All, 7));
        Assert.Equal(50, Enumerable.Range(0, 50).Select(seed => Golden.Sha256(Augmented(image, All, (ulong)seed))).Distinct().Count());
    }

    // What a seed draws is part of every cached view: it must not change with a release.
    [Theory]
    [InlineData("crop:0.3-1,flip", "92508ee34379339f")]
    [InlineData("pad:4,flip,cutout:8px", "1f0a40cc5d9591df")]
    [InlineData("rotate:20,shift:0.2,shear:10,zoom:0.8-1.2,color:0.3,hue:0.1", "e966d614b567fda2")]
    public void A_seed_means_the_same_for_ever(string text, string pixels)
    {
        using var image = Golden.Noise(70, 50, 1);
        Assert.Equal(pixels, Golden.Sha256(Augmented(image, text, 7))[..16]);
    }

    [Fact]
    public void Grey_is_Pillow_s_in_all_channels_before_anything_is_filled()
    {
        using var image = Golden.Noise(32, 32, 1);
        byte[] plain = Plain(image), grey = Augmented(image, "grey:1", 3);
        for (int i = 0; i < plain.Length; i += 3)
        {
            int expected = ((plain[i] * 19595) + (plain[i + 1] * 38470) + (plain[i + 2] * 7471) + 0x8000) >> 16;
            Assert.Equal([(byte)expected, (byte)expected, (byte)expected], grey.AsSpan(i, 3).ToArray());
        }

        Assert.InRange(Enumerable.Range(0, 400).Count(seed => Augmented(image, "grey:0.25", (ulong)seed).AsSpan().SequenceEqual(grey)), 75, 125);
        byte[] filled = Augmented(image, "grey:1,pad:4,fill:#ff0000", 5);
        Assert.Contains(Enumerable.Range(0, filled.Length / 3), i => filled.AsSpan(3 * i, 3).SequenceEqual(new byte[] { 255, 0, 0 }));
    }

    [Fact]
    public void What_one_operation_draws_does_not_hang_on_the_others()
    {
        using var image = Golden.Noise(70, 50, 1);
        for (ulong seed = 0; seed < 20; seed++)
        {
            byte[] expected = Augmented(image, "crop:0.3-1", seed);
            if (!Augmented(image, "flip", seed).AsSpan().SequenceEqual(Plain(image)))
            {
                Flip.Horizontal(expected, 32);
            }

            Assert.Equal(expected, Augmented(image, "crop:0.3-1,flip", seed));
        }
    }

    [Fact]
    public void Draws_are_spread_as_they_should()
    {
        using var image = Golden.Noise(32, 32, 1);
        var exact = PixelPreprocessing.Exact(32, 32);
        byte[] plain = image.Pixels.ToArray();
        int flipped = 0;
        var shifts = new HashSet<string>();
        var result = new byte[exact.ByteCount];
        for (ulong seed = 0; seed < 2000; seed++)
        {
            Augmentation.Parse("flip:0.25").Apply(image, exact, seed, result);
            flipped += plain.AsSpan().SequenceEqual(result) ? 0 : 1;
            Augmentation.Parse("pad:2").Apply(image, exact, seed, result);
            shifts.Add(Golden.Sha256(result));
        }

        Assert.InRange(flipped, 420, 580); // 500 +- 4 standard deviations
        Assert.Equal(25, shifts.Count);
    }

    [Fact]
    public void Windows_of_crops_keep_their_area_and_ratio()
    {
        var random = new SeededRandom(3);
        for (int i = 0; i < 500; i++)
        {
            var window = ResizedCrop.Draw(random, 500, 375, new DrawnRange(0.2, 0.6), Augmentation.UsualRatio);
            Assert.InRange((double)window.Width * window.Height / (500 * 375), 0.197, 0.603);
            Assert.InRange((double)window.Width / window.Height, 0.74, 1.35);
            Assert.True(window.X >= 0 && window.Y >= 0 && window.X + window.Width <= 500 && window.Y + window.Height <= 375);
        }

        // No window of nearly all of a strip has such a ratio: torchvision's fallback.
        Assert.Equal(new PixelWindow(43, 0, 13, 10), ResizedCrop.Draw(random, 100, 10, new DrawnRange(0.9, 1), Augmentation.UsualRatio));
        Assert.Equal(new PixelWindow(0, 43, 10, 13), ResizedCrop.Central(10, 100, Augmentation.UsualRatio));
        Assert.Equal(new PixelWindow(0, 0, 10, 10), ResizedCrop.Central(10, 10, Augmentation.UsualRatio));
    }

    [Fact]
    public void Cut_out_takes_its_share()
    {
        using var image = RgbImage.FromGrey8(Enumerable.Repeat((byte)255, 64 * 64).ToArray(), 64, 64);
        var exact = PixelPreprocessing.Exact(64, 64);
        var result = new byte[exact.ByteCount];
        int most = 0;
        for (ulong seed = 0; seed < 100; seed++)
        {
            Augmentation.Parse("cutout:0.25,fill:#010203").Apply(image, exact, seed, result);
            most = Math.Max(most, result.Count(value => value == 1));
            Assert.Equal(result.Count(value => value == 1), result.Count(value => value == 3));
        }

        Assert.Equal(64 * 64 / 4, most);
    }

    [Fact]
    public void A_short_destination_is_refused()
    {
        using var image = Golden.Noise(40, 40, 1);
        foreach (string text in new[] { "flip", "crop:0.5-1" })
        {
            var error = Assert.Throws<ArgumentException>(() => Augmentation.Parse(text).Apply(image, Small, 1, new byte[9]));
            Assert.Contains("9 bytes given, but shorterSide 36 bilinear crop 32x32 writes 3072", error.Message);
        }
    }

    private static byte[] Plain(RgbImage image)
    {
        var result = new byte[Small.ByteCount];
        Small.Apply(image, result);
        return result;
    }

    private static byte[] Augmented(RgbImage image, string text, ulong seed)
    {
        var result = new byte[Small.ByteCount];
        Augmentation.Parse(text).Apply(image, Small, seed, result);
        return result;
    }
}
