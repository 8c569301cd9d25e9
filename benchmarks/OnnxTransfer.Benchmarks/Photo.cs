using OnnxTransfer.Imaging;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>An encoded photo, made up: smooth shapes, hard edges and sensor noise, so that it costs what a photo costs.</summary>
public sealed record Photo(string Name, byte[] Bytes)
{
    private static readonly Lazy<Photo[]> Made = new(() =>
    [
        new("jpeg 0.3 MP", TurboJpegEncoder.Encode(Scene(640, 480, 1), 640, 480)),
        new("jpeg 12 MP", TurboJpegEncoder.Encode(Scene(4000, 3000, 1), 4000, 3000)),
        new("png 0.3 MP", PngEncoder.Encode(Scene(640, 480, 1), 640, 480)),
        new("bmp 0.3 MP", BmpEncoder.Encode(Scene(640, 480, 1), 640, 480)),
        new("webp 0.3 MP", WebPEncoder.Encode(Scene(640, 480, 1), 640, 480)),
        new("tiff 0.3 MP", TiffEncoder.Encode(Scene(640, 480, 1), 640, 480)),
    ]);

    /// <summary>Those that a decoder here reads; the same bytes at every run.</summary>
    public static IEnumerable<Photo> All => Made.Value.Where(photo => ImageDecoders.Default.Decodes(photo.Format));

    /// <summary>Told by the bytes.</summary>
    public ImageFormat Format => ImageHeader.Detect(Bytes);

    /// <summary>Writes them all as files, named as in the tables: "jpeg 0.3 MP.jpeg".</summary>
    public static void WriteAll(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var photo in All)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{photo.Name}.{photo.Name.Split(' ')[0]}"), photo.Bytes);
        }
    }

    /// <summary>Writes <paramref name="count"/> different scenes as JPEG files.</summary>
    public static void WriteScenes(string folder, int count, int width, int height)
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < count; i++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{i:00000}.jpg"), TurboJpegEncoder.Encode(Scene(width, height, i), width, height));
        }
    }

    /// <summary>H x W x 3 pixels of a scene told by <paramref name="seed"/>.</summary>
    public static byte[] Scene(int width, int height, long seed)
    {
        var random = new SeededRandom(seed);
        var (across, down, turn) = (2 + (6 * random.NextDouble()), 2 + (6 * random.NextDouble()), random.NextDouble());
        var pixels = new byte[3 * width * height];
        for (int i = 0; i < width * height; i++)
        {
            double x = i % width / (double)width, y = i / width / (double)height;
            double shape = 70 * Math.Sin(across * x) * Math.Cos((down * y) + turn);
            double edge = Math.Sin(40 * ((x * turn) + (y * y))) > 0.3 ? 35 : -35;
            for (int channel = 0; channel < 3; channel++)
            {
                double noise = 16 * (random.NextDouble() - 0.5);
                pixels[(3 * i) + channel] = (byte)Math.Clamp(128 + (shape * (1 - channel)) + edge + noise, 0, 255);
            }
        }

        return pixels;
    }

    /// <summary>The name and the decoder, for tables: "jpeg 12 MP, libjpeg-turbo 2.1.5".</summary>
    public override string ToString() => $"{Name}, {ImageDecoders.Default.NameFor(Format)}";
}
