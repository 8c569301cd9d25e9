using OnnxTransfer.Imaging;

namespace OnnxTransfer.Benchmarks;

/// <summary>pixels WAY FOLDER OUT: what a backbone would see of the photos in FOLDER, for peers/jpeg_difference.py.</summary>
internal static class PreparedPixels
{
    private static readonly PixelPreprocessing Preprocessing = PixelPreprocessing.ShorterSide(256, 224);

    /// <summary>Writes NAME.rgb, 224 x 224 x 3 bytes, for each file; prints each file's decoder.</summary>
    public static int Write(string way, string folder, string target)
    {
        try
        {
            var decoders = ImageDecoders.Default.WithJpeg(Enum.Parse<JpegDecoding>(way, ignoreCase: true), Preprocessing);
            var pixels = new byte[Preprocessing.ByteCount];
            foreach (string path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
            {
                byte[] encoded = File.ReadAllBytes(path);
                using var image = decoders.Decode(encoded, path);
                Preprocessing.Apply(image, pixels, path);
                File.WriteAllBytes(Path.Combine(target, $"{Path.GetFileName(path)}.rgb"), pixels);
                Console.WriteLine($"{Path.GetFileName(path)}\t{decoders.NameFor(ImageKind.Of(encoded))}");
            }

            return 0;
        }
        catch (OnnxTransferException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }
}
