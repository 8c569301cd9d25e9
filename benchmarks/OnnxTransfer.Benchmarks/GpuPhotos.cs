namespace OnnxTransfer.Benchmarks;

/// <summary>A folder of JPEG photos, no two alike, as the cache would find a copy by its content.</summary>
internal static class GpuPhotos
{
    public static void Write(string folder, GpuArguments options)
    {
        var (width, height) = (options.Number("width", 500), options.Number("height", 375));
        Directory.CreateDirectory(folder);
        Parallel.For(0, options.Number("count", 1024), i =>
        {
            string path = Path.Combine(folder, $"{i:00000}.jpg");
            if (!File.Exists(path))
            {
                File.WriteAllBytes($"{path}.new", TurboJpegEncoder.Encode(Photo.Scene(width, height, i), width, height));
                File.Move($"{path}.new", path);
            }
        });
    }
}
