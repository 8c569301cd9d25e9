using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>Native memory goes back after each image. Not beside other tests: the whole process is measured.</summary>
[Collection("process memory")]
public class DecoderMemoryTests
{
    private const long Most = 48 << 20;

    [SkippableFact]
    public void Libvips_keeps_no_image()
    {
        DecodingTests.SkipWithout(ImageFormat.Png);

        // 1 MB of samples each: 120 kept images would be 120 MB.
        byte[] whole = BlackPng.Make(1000, 1000);
        Assert.InRange(Growth(120, whole), long.MinValue, Most);
    }

    [SkippableFact]
    public void Libvips_keeps_no_damaged_image()
    {
        DecodingTests.SkipWithout(ImageFormat.Png);
        byte[] cut = BlackPng.Make(1000, 1000)[..^60];
        Assert.InRange(Growth(60, cut), long.MinValue, Most);
    }

    [SkippableFact]
    public void Libjpeg_keeps_no_damaged_image()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        byte[] cut = Golden.Image("jpeg_progressive.jpg")[..700];
        Assert.InRange(Growth(2000, cut), long.MinValue, Most);
    }

    private static long Growth(int times, byte[] encoded)
    {
        Work(times / 4);
        long before = Resident();
        Work(times);
        return Resident() - before;

        void Work(int count)
        {
            for (int i = 0; i < count; i++)
            {
                try
                {
                    ImageDecoders.Default.Decode(encoded, "image").Dispose();
                }
                catch (ImageException e)
                {
                    Assert.Equal(ImageFault.Truncated, e.Fault);
                }
            }
        }

        static long Resident()
        {
            GC.Collect();
            return Environment.WorkingSet;
        }
    }
}

[CollectionDefinition("process memory", DisableParallelization = true)]
public class ProcessMemoryCollection;
