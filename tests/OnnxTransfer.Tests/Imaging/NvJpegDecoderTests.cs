using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>
/// How nvJPEG is called, against a stand-in that checks its arguments (fake_nvjpeg.c): what the GPU makes of an image is not
/// tested here.
/// </summary>
public sealed unsafe class NvJpegDecoderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Pixels_come_back_from_the_device()
    {
        var decoder = Fake();
        Assert.Equal("nvJPEG 12.4.7", decoder.Name);
        for (int i = 0; i < 3; i++)
        {
            using var image = decoder.Decode(Golden.Image("jpeg_420.jpg"), "a.jpg", ImageLimits.Default);
            Assert.Equal((37, 29), (image.Width, image.Height));
            for (int at = 0; at < image.Pixels.Length; at++)
            {
                int x = at / 3 % 37, y = at / 3 / 37;
                Assert.Equal((byte)(x + y + (at % 3)), image.Pixels[at]);
            }
        }

        Assert.Equal(101, Left());
    }

    [SkippableTheory]
    [InlineData(3, ImageFault.Corrupt, "a.jpg: the JPEG data are damaged (nvJPEG status 3, bad JPEG); copy or download the file again")]
    [InlineData(4, ImageFault.UnsupportedFormat, "a.jpg: a JPEG that nvJPEG does not read, though its header is a common one (nvJPEG status 4, not supported); convert it to PNG, or decode JPEG exactly")]
    [InlineData(10, ImageFault.Truncated, "(nvJPEG status 10, incomplete bitstream), before the last pixel")]
    public void What_is_wrong_with_an_image_concerns_it_alone(byte status, ImageFault fault, string message)
    {
        var decoder = Fake();
        var error = Assert.Throws<ImageException>(() => decoder.Decode([.. Golden.Image("jpeg_420.jpg"), status], "a.jpg", ImageLimits.Default));
        Assert.Equal(fault, error.Fault);
        Assert.Contains(message, error.Message);
        Assert.Equal(0, Left());
    }

    [SkippableTheory]
    [InlineData(5, "a.jpg: no memory left to decode it on the GPU (nvJPEG status 5); take fewer decode threads, or decode JPEG exactly")]
    [InlineData(6, "a.jpg: nvJPEG failed (status 6); check the GPU with nvidia-smi, or decode JPEG exactly")]
    public void A_GPU_that_fails_ends_the_run(byte status, string message)
    {
        var decoder = Fake();
        var error = Assert.Throws<DecoderException>(() => decoder.Decode([.. Golden.Image("jpeg_420.jpg"), status], "a.jpg", ImageLimits.Default));
        Assert.Equal(message, error.Message);
        Assert.Equal(0, Left());
    }

    [SkippableFact]
    public void A_file_cut_off_is_refused_before_it_is_decoded()
    {
        var decoder = Fake();
        byte[] whole = Golden.Image("jpeg_420.jpg");
        var error = Assert.Throws<ImageException>(() => decoder.Decode(whole.AsSpan(0, whole.Length - 40), "a.jpg", ImageLimits.Default));
        Assert.Equal(ImageFault.Truncated, error.Fault);
    }

    [SkippableFact]
    public void Rare_kinds_go_to_the_next_decoder()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        var exact = ImageDecoders.Default.For(ImageFormat.Jpeg);
        var decoders = new ImageDecoders([Fake(), exact]);
        Assert.Equal("nvJPEG 12.4.7", decoders.NameFor(ImageKind.Of(Golden.Image("jpeg_progressive.jpg"))));
        foreach (string file in new[] { "jpeg_cmyk.jpg", "jpeg_ycck.jpg", "jpeg_odd_sampling.jpg" })
        {
            Assert.Equal(exact.Name, decoders.NameFor(ImageKind.Of(Golden.Image(file))));
            using var image = decoders.Decode(Golden.Image(file), file);
            using var expected = exact.Decode(Golden.Image(file), file, ImageLimits.Default);
            Assert.True(expected.Pixels.SequenceEqual(image.Pixels));
        }
    }

    [SkippableFact]
    public void A_missing_CUDA_runtime_is_named()
    {
        string fake = Build();
        Assert.False(NvJpegDecoder.TryCreate([(fake, "libcudart-that-is-not-there.so")], out _, out string? missing));
        Assert.StartsWith($"{fake} is there, but libcudart-that-is-not-there.so was not found; install the CUDA runtime of the same version, or put the folder that holds it on ", missing);
    }

    private static string Source([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "fake_nvjpeg.c");

    private NvJpegDecoder Fake()
    {
        string fake = Build();
        Assert.True(NvJpegDecoder.TryCreate([(fake, fake)], out var decoder, out string? missing), missing);
        return decoder!;
    }

    // A folder of its own for each test, so that each loads a copy with counters of its own.
    private string Build()
    {
        string library = _folder["libfake_nvjpeg.so"];
        try
        {
            using var gcc = Process.Start("gcc", ["-shared", "-fPIC", "-o", library, Source()]);
            gcc.WaitForExit();
            Assert.Equal(0, gcc.ExitCode);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, "no gcc here to build the stand-in with");
        }

        return library;
    }

    // States times 100 plus streams that were made and not released.
    private int Left() => ((delegate* unmanaged<int>)NativeLibrary.GetExport(NativeLibrary.Load(_folder["libfake_nvjpeg.so"]), "fakeLeft"))();
}
