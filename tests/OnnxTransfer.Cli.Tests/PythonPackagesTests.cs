namespace OnnxTransfer.Cli.Tests;

public class PythonPackagesTests
{
    [Fact]
    public void What_a_python_prints_of_its_own_is_passed_over()
    {
        var found = PythonPackages.Read("python3", "note: user site\nnote: user site\npython 3.11.2\ntorch 2.1.0\ntorchvision 0.16.0\nonnx 1.14.0\npillow \n");

        Assert.Equal(["lacks pillow"], found!.Problems);
        Assert.Null(PythonPackages.Read("cat", "python 3.11.2\n"));
    }
}
