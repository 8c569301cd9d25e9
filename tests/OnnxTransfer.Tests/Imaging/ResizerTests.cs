using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

public class ResizerTests
{
    public static TheoryData<int> ResizeCases => [.. Enumerable.Range(0, Golden.Read<Golden.Resized>("resize.json").Count)];

    [Theory]
    [MemberData(nameof(ResizeCases))]
    public void Bytes_equal_those_of_Pillow(int index)
    {
        var golden = Golden.Read<Golden.Resized>("resize.json")[index];
        using var image = Golden.Noise(golden.FromWidth, golden.FromHeight, golden.Seed);
        var filter = Filter(golden.Interpolation);
        var result = new byte[golden.Width * golden.Height * 3];

        PillowResizer.Resize(image, golden.Width, golden.Height, filter, result);
        Assert.True(golden.Pixels == Golden.Sha256(result), $"vector path: {golden}");

        var whole = new PixelWindow(0, 0, golden.Width, golden.Height);
        Array.Clear(result);
        PillowResizer.Resize(image, golden.Width, golden.Height, filter, whole, result, 3 * golden.Width, portable: true);
        Assert.True(golden.Pixels == Golden.Sha256(result), $"portable path: {golden}");

        byte[] scalar = ScalarResizer.Resize(image.Pixels, image.Width, image.Height, golden.Width, golden.Height, filter);
        Assert.True(golden.Pixels == Golden.Sha256(scalar), $"scalar path: {golden}");
    }

    public static TheoryData<int> CropCases => [.. Enumerable.Range(0, Golden.Read<Golden.Cropped>("crops.json").Count)];

    [Theory]
    [MemberData(nameof(CropCases))]
    public void Resize_and_centre_crop_equal_those_of_torchvision(int index)
    {
        var golden = Golden.Read<Golden.Cropped>("crops.json")[index];
        using var image = Golden.Noise(golden.FromWidth, golden.FromHeight, golden.Seed);
        var preprocessing = PixelPreprocessing.ShorterSide(golden.Size, 1, Filter(golden.Interpolation)) with
        {
            CropHeight = golden.CropHeight,
            CropWidth = golden.CropWidth,
        };
        var result = new byte[preprocessing.ByteCount];
        result.AsSpan().Fill(99);

        preprocessing.Apply(image, result);

        Assert.True(golden.Pixels == Golden.Sha256(result), $"{golden}");
    }

    [Fact]
    public void Every_path_and_every_window_gives_the_bytes_of_the_scalar_reference()
    {
        var random = new Random(7);
        for (int round = 0; round < 300; round++)
        {
            int fromWidth = random.Next(1, 90), fromHeight = random.Next(1, 90), width = random.Next(1, 90), height = random.Next(1, 90);
            width = round % 7 == 0 ? fromWidth : width;
            height = round % 5 == 0 ? fromHeight : height;
            var filter = (Interpolation)(round % 2);
            using var image = Golden.Noise(fromWidth, fromHeight, (uint)round);
            byte[] expected = ScalarResizer.Resize(image.Pixels, fromWidth, fromHeight, width, height, filter);

            int x = random.Next(width), y = random.Next(height);
            var window = new PixelWindow(x, y, random.Next(1, width - x + 1), random.Next(1, height - y + 1));
            byte[] cut = Cut(expected, width, window);
            foreach (bool portable in new[] { false, true })
            {
                var whole = new byte[expected.Length];
                PillowResizer.Resize(image, width, height, filter, new PixelWindow(0, 0, width, height), whole, 3 * width, portable);
                Assert.True(expected.AsSpan().SequenceEqual(whole), $"{fromWidth}x{fromHeight} -> {width}x{height} {filter}, portable {portable}");

                // Rows further apart than they are long: nothing between or behind them may be touched.
                int stride = (3 * window.Width) + 5;
                var spaced = new byte[(stride * window.Height) + 64];
                spaced.AsSpan().Fill(77);
                PillowResizer.Resize(image, width, height, filter, window, spaced, stride, portable);
                for (int row = 0; row < window.Height; row++)
                {
                    var line = spaced.AsSpan(row * stride, stride);
                    Assert.True(line[..^5].SequenceEqual(cut.AsSpan(row * 3 * window.Width, 3 * window.Width)), $"{fromWidth}x{fromHeight} -> {width}x{height} {filter}, {window}, portable {portable}");
                    Assert.Equal([77, 77, 77, 77, 77], line[^5..].ToArray());
                }

                Assert.False(spaced.AsSpan(stride * window.Height).ContainsAnyExcept((byte)77));
            }
        }
    }

    [Fact]
    public void Nothing_is_allocated_in_steady_state()
    {
        using var image = Golden.Noise(300, 200, 1);
        using var other = Golden.Noise(200, 311, 2);
        var preprocessing = PixelPreprocessing.ShorterSide(128, 112);
        var result = new byte[preprocessing.ByteCount];
        for (int i = 0; i < 40; i++)
        {
            preprocessing.Apply(i % 2 == 0 ? image : other, result);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            preprocessing.Apply(i % 2 == 0 ? image : other, result);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        using var image = Golden.Noise(8, 8, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => PillowResizer.Resize(image, 0, 4, Interpolation.Bilinear, new byte[100]));
        var outside = Assert.Throws<ArgumentException>(() => PillowResizer.Resize(image, 4, 4, Interpolation.Bilinear, new PixelWindow(1, 0, 4, 4), new byte[100]));
        Assert.Contains("does not lie within 4 x 4 pixels", outside.Message);
        var shorter = Assert.Throws<ArgumentException>(() => PillowResizer.Resize(image, 4, 4, Interpolation.Bilinear, new byte[47]));
        Assert.Contains("the destination holds 47 bytes, but 48 are written", shorter.Message);
    }

    private static Interpolation Filter(string name) => Enum.Parse<Interpolation>(name, ignoreCase: true);

    private static byte[] Cut(byte[] pixels, int width, PixelWindow window)
    {
        var cut = new byte[window.Width * window.Height * 3];
        for (int y = 0; y < window.Height; y++)
        {
            pixels.AsSpan(3 * (((window.Y + y) * width) + window.X), 3 * window.Width).CopyTo(cut.AsSpan(3 * y * window.Width));
        }

        return cut;
    }
}
